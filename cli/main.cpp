// The one binary: each part of the control plane is a role of it. A role is one line in this table.

#include "flotilla/service/roles.hpp"

int main(int argc, char** argv) {
    return flotilla::service::run(argc, argv, {});
}
