# What the Cython face uses of link.h and of what it includes.

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastsecc._exi cimport exi_loop_request, exi_loop_response

cdef extern from "link.h":
    int V2GTP_MAX_TYPES
    int C_V2GTP_EXI "V2GTP_EXI"
    int V2GTP_FAULTS
    int LOOP_MAX_SESSION_ID

    ctypedef struct link_codec "struct link_codec":
        int (*decode)(const uint8_t *, size_t, int, exi_loop_request *) noexcept nogil
        int (*encode)(const exi_loop_response *, uint8_t *, size_t) noexcept nogil

    ctypedef struct loop_template "struct loop_template":
        bint armed
        uint8_t session_id_n
        uint8_t session_id[8]
        int64_t fresh_until_ns
        uint64_t meter_sequence
        uint16_t payload_type
        uint32_t min_response_ms
        exi_loop_response fresh
        exi_loop_response stale

    ctypedef struct loop_progress "struct loop_progress":
        uint64_t answered
        uint64_t meter_sequence_sent
        uint64_t meter_requests
        int64_t at_ns
        bint stale
        uint16_t payload_type
        uint32_t n
        uint8_t request[512]

    ctypedef struct record "struct record":
        uint32_t sequence
        uint32_t n
        uint16_t payload_type
        uint8_t octets[1]

    ctypedef struct link_settings "struct link_settings":
        uint16_t payload_types[16]
        uint32_t payload_types_n
        uint32_t max_payload
        uint32_t queue_frames
        uint32_t max_ignored_frames
        uint32_t report_interval_ms
        uint32_t heartbeat_ms
        uint32_t fin_wait_ms
        uint32_t send_timeout_ms
        uint32_t handshake_timeout_ms
        uint32_t fifo_priority

    ctypedef struct link_counters "struct link_counters":
        uint32_t frames
        uint32_t ignored[4]
        uint32_t handed_over
        uint32_t answered
        uint32_t answered_stale
        uint32_t refused
        uint32_t late
        uint32_t slowest_us
        uint32_t held
        uint32_t fifo

    ctypedef struct transport "struct transport":
        pass
    ctypedef struct link "struct link":
        pass
    ctypedef struct handshake "struct handshake":
        const char *version
        const char *cipher
        const char *group
        const char *chain
        uint8_t *client_certificate
        size_t client_certificate_n
    ctypedef int link_close_how "enum link_close"
    ctypedef int link_reason "enum link_reason"

    transport *transport_plain(int fd) nogil
    void transport_close(transport *) nogil
    link *link_start(transport *, const link_settings *, const link_codec *) nogil
    void link_release(link *) nogil
    bint link_join(link *, int timeout_ms) nogil
    int link_notify_fd(const link *) nogil
    void link_clear_notify(link *) nogil
    const handshake *link_handshake(const link *) nogil
    const record *link_frame(link *) nogil
    void link_frame_done(link *) nogil
    const loop_progress *link_progress(link *) nogil
    bint link_closed(const link *, link_reason *, const char **) nogil
    void link_reply(link *, uint16_t, const uint8_t *, uint32_t, uint32_t, link_close_how, uint32_t) nogil
    void link_close(link *, link_close_how) nogil
    loop_template *link_template(link *) nogil
    void link_publish(link *) nogil
    void link_read_counters(link *, link_counters *) nogil
    bint loop_arm(loop_template *) nogil

cdef extern from "rt.h":
    int rt_try(int priority) nogil
    int rt_lock_memory() nogil

cdef extern from "transport_tls.h":
    ctypedef struct tls_profiles "struct tls_profiles":
        pass
    ctypedef struct tls_error "struct tls_error":
        char text[512]
    ctypedef int tls_client_certificate "enum tls_client_certificate"

    tls_profiles *tls_profiles_new(uint16_t oldest, uint16_t newest, tls_client_certificate) nogil
    void tls_profiles_unref(tls_profiles *) nogil
    bint tls_profiles_log_keys(tls_profiles *, const char *file, tls_error *) nogil
    bint tls_profiles_trust(tls_profiles *, const char *file, tls_error *) nogil
    bint tls_profiles_begin_chain(tls_profiles *, const char *label, tls_error *) nogil
    bint tls_chain_certificates(tls_profiles *, const char *file, tls_error *) nogil
    bint tls_chain_roots(tls_profiles *, const char *file, tls_error *) nogil
    bint tls_chain_staple(tls_profiles *, const uint8_t *octets, size_t n, tls_error *) nogil
    bint tls_chain_key(tls_profiles *, const char *file, const char *password, tls_error *) nogil
    transport *transport_tls(int fd, tls_profiles *) nogil

cdef extern from "tls_staple.h":
    bint tls_staple_knows_v2() nogil
    bint tls_staple_knows_chain() nogil

cdef extern from "openssl/crypto.h":
    const char *OpenSSL_version(int) nogil
    int OPENSSL_VERSION
