# One image for every role: the grandstand binary, and the nats-server that it finds.
#   docker build -t grandstand .
#   docker run --rm grandstand config

FROM rust:1.95-bookworm AS build
# pip is how the finder gets its nats-server, by the hash that the binary knows.
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3-pip \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package grandstand --bin grandstand \
 && install -D target/release/grandstand /out/grandstand
RUN install "$(/out/grandstand nats-server --print-path)" /out/nats-server
# A new volume takes owner and permissions of the folder that it is mounted on.
RUN install -d -m 0700 /out/keys /out/data

FROM debian:bookworm-slim
COPY --from=build /out/grandstand /out/nats-server /usr/local/bin/
COPY --from=build --chown=65532:65532 /out/keys /keys
COPY --from=build --chown=65532:65532 /out/keys /scoring-keys
COPY --from=build --chown=65532:65532 /out/keys /gateway-keys
COPY --from=build --chown=65532:65532 /out/data /data
COPY nats/nats-server.conf /etc/grandstand/nats-server.conf
USER 65532:65532
ENV GRANDSTAND_KEYS=/keys
ENTRYPOINT ["grandstand"]
CMD ["--help"]
