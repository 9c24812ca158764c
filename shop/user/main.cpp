// The users of the shop: README.md.

#include "flotilla/shop/user/user_service.hpp"

int main(int argc, char** argv) {
    return flotilla::shop::user::run_user(argc, argv);
}
