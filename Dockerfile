# pgtaxon in a container, for sidecars, the dashboard and single commands:
#   docker build --tag pgtaxon .
#   docker run --env DATABASE_URL=… --env OPENAI_API_KEY=… pgtaxon                  (a sidecar)
#   docker run --env DATABASE_URL=… pgtaxon migrate
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json tsconfig.build.client.json ./
COPY src src
RUN npm run build

FROM node:24-bookworm-slim
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# What runs on other systems, and in browsers, is two thirds of the packages; valibot and openai may have the last three.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && npm cache clean --force \
  && rm -rf node_modules/onnxruntime-web node_modules/onnxruntime-node/bin/napi-v6/darwin node_modules/onnxruntime-node/bin/napi-v6/win32 \
  node_modules/typescript node_modules/@typescript node_modules/zod
COPY migrations migrations
COPY sql sql
COPY models models
COPY --from=build /build/dist dist
# Matrices of trainings and encoders of the hub are kept there; a volume makes them outlive the container.
RUN mkdir data && chown node:node data
ENV NODE_ENV=production \
    TAXON_DATA_DIR=/app/data \
    TAXON_LOG=json \
    TAXON_METRICS_PORT=9464 \
    TAXON_METRICS_HOST=0.0.0.0 \
    MALLOC_ARENA_MAX=2
USER node
EXPOSE 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.TAXON_METRICS_PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["sidecar"]
