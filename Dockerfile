# The image adds only the bundled service to the Node.js image: no packages, no sources and no npm cache.
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
# The user id is not 1000, which is common: with REUSE_PORT, every process with the same user id can share the port of the service.
# This creates the folder for the control socket. A volume that is mounted here inherits the owner of the folder.
RUN useradd --uid 10001 --user-group --create-home --shell /usr/sbin/nologin elb-inventory \
  && install -d -o elb-inventory -g elb-inventory -m 700 /run/elb-inventory
WORKDIR /app
COPY --from=build /build/dist /build/scripts/ask.mjs ./
USER 10001:10001
ENV NODE_ENV=production
EXPOSE 8000
# ask.mjs uses the control socket, if the service has one, because another version can share the port. If the service does not
# respond for 15 s, ask.mjs kills it, and the restart policy starts it again. This requires an init process (--init).
HEALTHCHECK --interval=10s --timeout=18s --start-period=30s --start-interval=1s \
  CMD ["node", "ask.mjs", "--watchdog"]
# The exec form starts Node.js without a shell, so that it receives SIGTERM and closes gracefully. The young generation has a fixed size;
# otherwise V8 would double its size repeatedly, and memory use would become stable only after a million requests.
CMD ["node", "--min-semi-space-size=16", "--max-semi-space-size=16", "server.js"]
ARG VERSION=1.0.0
ARG COMMIT=unknown
ARG SOURCE=
ARG BASE_IMAGE
# If the image has these labels, builder.sh checks the env file with `server.js --check-env` and requests GET /readiness.
LABEL elb-inventory.check-env="true" \
  elb-inventory.readiness="true" \
  org.opencontainers.image.title="elb-inventory" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.revision="$COMMIT" \
  org.opencontainers.image.source="$SOURCE" \
  org.opencontainers.image.base.name="$BASE_IMAGE"
