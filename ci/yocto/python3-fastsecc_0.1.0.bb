# Sketch of a Yocto recipe (scarthgap and newer, with meta-python): the sdist, built for the target, with the image's
# libssl. What the messages become is computed at build time, so Python's msgspec is needed there, too.
SUMMARY = "The charger's side of ISO 15118 and DIN SPEC 70121"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57"

# Where the sdist of `ci/wheels` has been put, and its `sha256sum`.
SRC_URI = "file://fastsecc-${PV}.tar.gz"
SRC_URI[sha256sum] = ""
S = "${WORKDIR}/fastsecc-${PV}"

inherit python_setuptools_build_meta cython systemd pkgconfig

DEPENDS += "openssl python3-cffi-native python3-msgspec-native"
RDEPENDS:${PN} += "\
    libcrypto \
    libssl \
    python3-asyncio \
    python3-cffi \
    python3-core \
    python3-cryptography \
    python3-ctypes \
    python3-fcntl \
    python3-json \
    python3-logging \
    python3-msgspec \
    python3-netclient \
    python3-pyyaml \
"
# Where the image has it; without, the event loop is asyncio's.
RRECOMMENDS:${PN} += "python3-uvloop"

export FASTSECC_SYSTEM_OPENSSL = "1"

SYSTEMD_SERVICE:${PN} = "fastsecc.service"

do_install:append() {
    install -Dm 0644 ${S}/src/fastsecc/data/fastsecc.service ${D}${systemd_system_unitdir}/fastsecc.service
    install -Dm 0644 ${S}/src/fastsecc/data/fastsecc.yaml ${D}${sysconfdir}/fastsecc/fastsecc.yaml
}

CONFFILES:${PN} += "${sysconfdir}/fastsecc/fastsecc.yaml"
FILES:${PN} += "${systemd_system_unitdir}/fastsecc.service"
