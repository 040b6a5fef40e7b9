# The authorizer, the files service and the command line in one image. nginx is its own: see compose.yaml.

FROM node:24.21-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No package needs its install script here: `node` from npm is for the repository (the image has its own), and
# better-sqlite3 ships its binaries.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN node node_modules/typescript/bin/tsc -p tsconfig.build.json

FROM node:24.21-slim
# The last is for memory: docs/operations.md.
ENV NODE_ENV=production LATCHKEY_DATA=/srv/latchkey NODE_OPTIONS=--max-semi-space-size=16
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force
COPY --from=build /app/dist dist
COPY nginx.conf ./
COPY scripts/ready.mjs scripts/
# A new volume takes over the owner and the mode of the folder that it is mounted on.
RUN chmod 755 dist/cli.js && ln -s /app/dist/cli.js /usr/local/bin/latchkey \
    && install -d -o node -g node -m 750 /srv/latchkey /srv/latchkey/run /srv/latchkey/store \
    && install -d -o node -g node -m 700 /srv/latchkey/partial /srv/latchkey/partial/nginx
USER node
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["node", "/app/scripts/ready.mjs", "/srv/latchkey/run/authorizer-1.sock"]
ENTRYPOINT ["latchkey"]
CMD ["authorizer"]
