#pragma once
/// The 1024-bit key of the compatibility vectors, for tests only.

#include <string>

namespace flotilla::crypto {

inline const std::string& test_key_pem() {
    static const std::string pem =
        "-----BEGIN RSA PRIVATE KEY-----\n"
        "MIICWwIBAAKBgQCzfWg7yfYATH4AIaQO56JDaXGHgDQJBg/1pbajULfK1bLohidf\n"
        "9nRQd2WwNRiS4UHE2phvdyQDZjl2AVygQkitA+mDGmWcLiKsJF8ckz2jGOb1ciYl\n"
        "8lRE/49sHTuqVXghKzGzCGEb/ZsMTlTMEC/AXUbIhj3eUbVxqvZK2A94aQIDAQAB\n"
        "AoGADTm3XXhzLPB19FKGQSbmOOtjFyXmL6gHswUD4SLIeCSo6yM/cX26cldp4cL3\n"
        "zZLVgsjMpKH1wF5e64gMKC7aJe3f04jl+oOnFcEBYDUq6YpL9v80rHwX/EVJEuC6\n"
        "C9/3wfOxJ/Q/Spo5ycbvey8nl10j/12kgHmG2+CIoqoDMbUCQQDezuya/xUdJQzX\n"
        "l6XiwUvr6sENqX2PoQSV3KU9AmZBY7Rv3TqD0ikeWLfT7RUgBwxv1ByeQDg6m+VV\n"
        "G55yrAtTAkEAzjp65HgbJr9PdR1+FRkdl6x1HMcavzxuGIRhvNCjqQNOR0dXoNq2\n"
        "W1eI+cgjlMbCoFkKE5MWGvO6fSmnAePx0wJAQ6T9Dp2tElkiSf4fffWDkE+IZxZz\n"
        "KX0QQFNp01j8JJQZvvCiiEzw8OasgOn0xPF+5CC4w47pw1l7SdiFxXjYQwJAJcoP\n"
        "hNgBWatKuxIpbWJJyuY+G4TcgNho8DMp2bh9lNXXPTZ0dzQ8oCY9IlArPPLi7RED\n"
        "yKx2K4An1xGP2cfUIwJAZMxFgv/wobuICxBucG4/hcFV6Q/e4/S11pJQOcutegfz\n"
        "srtATVkC2tZbkxKZMKks3SI5/ixc4Bk0AwiCNSZ4zA==\n"
        "-----END RSA PRIVATE KEY-----\n";
    return pem;
}

}  // namespace flotilla::crypto
