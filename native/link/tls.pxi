# What TLS connections are made with: the Python face of tls_profiles.h. Part of _link.pyx.

TLS_LIBRARY = OpenSSL_version(OPENSSL_VERSION).decode()
TLS_ANSWERS_STATUS_REQUEST_V2 = bool(tls_staple_knows_v2())
TLS_STAPLES_WHOLE_CHAIN = bool(tls_staple_knows_chain())

cdef dict TLS_VERSIONS = {"1.2": 0x0303, "1.3": 0x0304}
cdef tuple TLS_CLIENT_CERTIFICATE = ("never", "tls13", "always")  # in the order of `enum tls_client_certificate`


class TlsChain(NamedTuple):
    certificates: tuple
    private_key: object
    password: bytes | None = None
    ocsp: tuple = ()
    roots: tuple = ()
    label: str = ""


class TlsFileError(ValueError):
    pass


@cython.final
cdef class TlsProfiles:
    cdef tls_profiles *_profiles
    cdef readonly tuple chains

    def __cinit__(
        self,
        chains,
        *,
        client_anchors=(),
        client_certificate="tls13",
        min_version="1.2",
        max_version="1.3",
        key_log=None,
    ):
        cdef tls_error error
        if min_version not in TLS_VERSIONS or max_version not in TLS_VERSIONS:
            raise ValueError(f"min_version, max_version: {min_version}, {max_version} are not both of 1.2 and 1.3")
        if client_certificate not in TLS_CLIENT_CERTIFICATE:
            raise ValueError(f"client_certificate: {client_certificate} is none of {', '.join(TLS_CLIENT_CERTIFICATE)}")
        cdef int oldest = TLS_VERSIONS[min_version]
        cdef int newest = TLS_VERSIONS[max_version]
        if oldest > newest:
            raise ValueError(f"min_version: {min_version} is newer than max_version {max_version}")
        self.chains = tuple(chains)
        if not self.chains:
            raise ValueError("chains: there is none")
        self._profiles = tls_profiles_new(oldest, newest, TLS_CLIENT_CERTIFICATE.index(client_certificate))
        if self._profiles == NULL:
            raise MemoryError
        if key_log is not None and not tls_profiles_log_keys(self._profiles, fsencode(key_log), &error):
            raise _tls_failure(&error)
        for file in client_anchors:
            if not tls_profiles_trust(self._profiles, fsencode(file), &error):
                raise _tls_failure(&error)
        for chain in self.chains:
            self._add(chain)

    def __dealloc__(self):
        if self._profiles != NULL:
            tls_profiles_unref(self._profiles)

    cdef int _add(self, chain) except -1:
        cdef tls_error error
        cdef bytes label = (chain.label or str(chain.certificates[0])).encode()
        cdef bytes password = chain.password or b""
        if not tls_profiles_begin_chain(self._profiles, label, &error):
            raise _tls_failure(&error)
        for file in chain.certificates:
            if not tls_chain_certificates(self._profiles, fsencode(file), &error):
                raise _tls_failure(&error)
        for file in chain.roots:
            if not tls_chain_roots(self._profiles, fsencode(file), &error):
                raise _tls_failure(&error)
        for response in chain.ocsp:
            self._add_staple(response or b"")
        cdef bytes key = fsencode(chain.private_key)
        cdef const char *secret = NULL
        if chain.password is not None:
            secret = password
        if not tls_chain_key(self._profiles, key, secret, &error):
            raise _tls_failure(&error)
        return 0

    cdef int _add_staple(self, bytes response) except -1:
        cdef tls_error error
        if not tls_chain_staple(self._profiles, response, len(response), &error):
            raise _tls_failure(&error)
        return 0


cdef object _tls_failure(tls_error *error):
    return TlsFileError(error.text.decode("utf-8", "replace"))
