# syntax=docker/dockerfile:1
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=devel
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    make build VERSION="${VERSION}"
# scratch has no shell to make directories with.
RUN mkdir -p /out/var/lib/switchback /out/tmp /out/etc/switchback && chmod 1777 /out/tmp

FROM scratch
LABEL org.opencontainers.image.title="switchback" \
      org.opencontainers.image.description="One REST API over many backup vendors" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /out/ /
COPY --from=build /src/LICENSE /LICENSE
COPY --from=build /src/bin/gateway /gateway
USER 65532:65532
# The journal of restores: a container without this volume forgets what it has started.
VOLUME /var/lib/switchback
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/gateway", "healthcheck"]
ENTRYPOINT ["/gateway"]
CMD ["serve", "--config", "/etc/switchback/gateway.yaml"]
