# The image adds the bundled service to Node's, and nothing else: no packages, no sources, no npm cache.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# Of what is for development, the build needs the bundler alone. It comes in the version of the lock.
RUN --mount=type=cache,target=/root/.npm \
  npm install --omit=dev --save-prod --no-save --ignore-scripts --no-audit --no-fund esbuild
COPY . .
# Which commit this is, for GET /status: there is no .git here to ask.
ARG COMMIT=unknown
RUN COMMIT=$COMMIT npm run --silent build

FROM node:24-bookworm-slim
# The folder of the control socket; a volume that is mounted here gets its owner from it.
# A user of its own: with REUSE_PORT, any process of the same user id may share the port of the service, and 1000 is common.
RUN useradd --uid 10001 --user-group --create-home --shell /usr/sbin/nologin elb-inventory \
  && install -d -o elb-inventory -g elb-inventory -m 700 /run/elb-inventory
WORKDIR /app
COPY --from=build /build/dist /build/scripts/ask.mjs ./
USER 10001:10001
ENV NODE_ENV=production
EXPOSE 8000
# ask.mjs asks the control socket where there is one: the port may be another version's, too.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --start-interval=1s \
  CMD ["node", "ask.mjs", "GET", "/healthcheck"]
# Node gets SIGTERM itself, and closes gently by itself. Its young generation has one size from the start on: V8 would
# double it now and then, and memory would have its size after a million requests only.
CMD ["node", "--min-semi-space-size=16", "--max-semi-space-size=16", "server.js"]
ARG VERSION=1.0.0
ARG COMMIT=unknown
# builder.sh checks the env file with `server.js --check-env` where the image has that option.
LABEL elb-inventory.check-env="true" \
  org.opencontainers.image.title="elb-inventory" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.revision="$COMMIT"
