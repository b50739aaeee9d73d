# The program in an image of its own: `make image`, or any builder of Dockerfiles.
# The tag is what rust-toolchain.toml pins; tests/deploy/image.mjs holds the two together.
ARG BASE=rust:1.95.0-slim-bookworm
FROM $BASE AS builder
WORKDIR /src
COPY rust-toolchain.toml ./
COPY scripts/setup scripts/rust.sh scripts/
RUN scripts/setup
# What takes longest, and changes least.
COPY scripts/build-engine scripts/build-guest scripts/
COPY engine engine
COPY guest guest
RUN scripts/build-engine && scripts/build-guest
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY examples/demo.json examples/
COPY docs/openapi.json docs/
COPY src src
COPY apps apps
RUN --mount=type=cache,target=/root/.cache/ccache \
    cmake --preset release && cmake --build --preset release --target nexus
COPY scripts/image-root scripts/
RUN scripts/image-root build/release/bin/nexus /image

FROM scratch
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="nexus" \
      org.opencontainers.image.description="Runs JavaScript tool handlers, each call in a WebAssembly sandbox of its own" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=builder /image/root /
COPY --from=builder --chown=1000:1000 /image/owned/ /tmp/
ENV PATH=/usr/local/bin HOST=0.0.0.0 CACHE_DIR=/tmp/nexus-cache
USER 1000:1000
EXPOSE 3000 3001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 CMD ["nexus", "health"]
ENTRYPOINT ["nexus"]
CMD ["serve"]
