# The connector of examples/node, to be run beside the sidecar.
FROM node:22-slim
WORKDIR /app/examples/node
COPY examples/node/package.json examples/node/package-lock.json ./
RUN npm install --no-save --ignore-scripts --omit=dev
COPY examples/node/*.js ./
COPY protos /app/protos
USER node
ENTRYPOINT ["node", "main.js"]
