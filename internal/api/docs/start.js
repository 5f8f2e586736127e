window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: new URL("openapi.json", window.location.href).href,
    dom_id: "#docs",
    layout: "BaseLayout",
    deepLinking: true,
    displayRequestDuration: true,
    persistAuthorization: false,
    // No request leaves for anywhere else.
    validatorUrl: null,
  });
});
