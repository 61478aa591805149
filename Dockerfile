# syntax=docker/dockerfile:1

# The native binary. clang and zlib are what Native AOT links with.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG TARGETARCH=amd64
RUN apt-get update \
 && apt-get install -y --no-install-recommends clang zlib1g-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY protos protos
COPY src src
COPY eng/sbom eng/sbom
RUN case "$TARGETARCH" in amd64) rid=linux-x64 ;; arm64) rid=linux-arm64 ;; *) echo "no build for $TARGETARCH" >&2; exit 1 ;; esac \
 && CI=true dotnet publish src/Border0.PdSidecar -c Release -r "$rid" -o /publish -p:DebugType=none \
 && rm -f /publish/*.dbg /publish/*.pdb /publish/*.xml /publish/*.staticwebassets.endpoints.json \
 && CI=true dotnet run --project eng/sbom -c Release -- write "$rid" /publish \
 && mkdir /data

# No shell and no package manager; "extra" for the time zones that policies name.
FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled-extra
COPY --from=build /publish /app
COPY --from=build --chown=$APP_UID:$APP_UID --chmod=0700 /data /data
USER $APP_UID
# The root file system may be read-only: everything that is written is under /data (database, keys, socket).
VOLUME /data
ENV PDSIDECAR_DATA=/data \
    PDSIDECAR_LOG_FORMAT=json
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["/app/pdsidecar", "health"]
ENTRYPOINT ["/app/pdsidecar"]
CMD ["serve"]
