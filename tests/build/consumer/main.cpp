#include <string>

#include "flotilla/service/service.hpp"

struct Greeting {
    std::string message;
};
FLT_DESCRIBE(Greeting, message)

int main(int argc, char** argv) {
    flotilla::Service service("consumer", argc, argv);
    service.get("/hello", [] { return Greeting{"Ahoy"}; });
    return service.run();
}
