# The image adds only the bundled service to the Node image: no packages, no sources, no npm cache.
# docs/redeploy.md explains how to pin the base image by digest.
ARG BASE_IMAGE=node:24-bookworm-slim
FROM ${BASE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY . .
# The commit for GET /status; the build context has no .git.
ARG COMMIT=unknown
RUN COMMIT=$COMMIT npm run --silent build

FROM ${BASE_IMAGE}
# A separate user id: with REUSE_PORT, every process of the same user id can share the service's port, and 1000 is common.
# The folder of the control socket; a volume mounted here gets the folder's owner.
RUN useradd --uid 10001 --user-group --create-home --shell /usr/sbin/nologin elb-inventory \
  && install -d -o elb-inventory -g elb-inventory -m 700 /run/elb-inventory
WORKDIR /app
COPY --from=build /build/dist /build/scripts/ask.mjs ./
USER 10001:10001
ENV NODE_ENV=production
EXPOSE 8000
# ask.mjs uses the control socket if there is one, because another version may share the port. It kills a service that does
# not respond for 15 s, and the restart policy starts it again; this requires an init process (--init).
HEALTHCHECK --interval=10s --timeout=18s --start-period=30s --start-interval=1s \
  CMD ["node", "ask.mjs", "--watchdog"]
# Node receives SIGTERM and closes gracefully. The young generation has a fixed size; otherwise V8 would double it step by
# step, and memory use would be stable only after a million requests.
CMD ["node", "--min-semi-space-size=16", "--max-semi-space-size=16", "server.js"]
ARG VERSION=1.0.0
ARG COMMIT=unknown
ARG SOURCE=
ARG BASE_IMAGE
# builder.sh checks the env file with `server.js --check-env`, and asks for GET /readiness, if the image has these labels.
LABEL elb-inventory.check-env="true" \
  elb-inventory.readiness="true" \
  org.opencontainers.image.title="elb-inventory" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.revision="$COMMIT" \
  org.opencontainers.image.source="$SOURCE" \
  org.opencontainers.image.base.name="$BASE_IMAGE"
