/* What Python sees: pure declarations, read by cffi as well as by the compiler. All functions that can fail give
 * -errno. */

enum {
    SLAC_FRAME_MAX = 1518,
    SLAC_MMTYPES_MAX = 32,
};

struct slac_interface {
    int index;
    bool up;
    bool ethernet;
    uint8_t mac[6];
};

struct slac_frame {
    int64_t received_ns; /* of the monotonic clock: when the kernel had it */
    uint16_t length;
    uint8_t sender[6];
    uint8_t octets[SLAC_FRAME_MAX];
};

/* Look at a network interface. */
int slac_find(const char *name, struct slac_interface *found);

/* Make a socket that hears nothing yet; needs CAP_NET_RAW. Gives its descriptor. */
int slac_socket(void);

/* Check that a descriptor from elsewhere is such a socket, bound to nothing or to this interface. */
int slac_check(int fd, int index);

/* Hear SLAC on an interface: frames of these MMTYPEs, for its own address or for all. What was queued is dropped. */
int slac_listen(int fd, const struct slac_interface *interface, const uint16_t *mmtypes, size_t mmtypes_n);

/* Take a frame: 1, or 0 when there is none. */
int slac_receive(int fd, struct slac_frame *frame);

/* Send a frame: 1, or 0 when it was dropped because those before it have not left. */
int slac_send(int fd, const uint8_t *octets, size_t n);
