# The same image as `make image` makes without Docker, for those who build with it:  docker build -t gantry .
FROM debian:12 AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends make git python3 binutils ca-certificates \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN make build && tools/image --root /image

FROM scratch
COPY --from=build /image/ /
COPY --from=build --chown=65532:65532 /image/home/nonroot /home/nonroot
COPY --from=build --chown=65532:65532 /image/var/lib/gantry /var/lib/gantry
ENV PATH=/usr/bin HOME=/home/nonroot SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
ENTRYPOINT ["/usr/bin/gantry"]
CMD ["--help"]
