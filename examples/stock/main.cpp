// The service of docs/tutorial.md: what is on the shelf, and taking something from it.

#include <map>
#include <mutex>
#include <string>

#include "flotilla/service/service.hpp"

using namespace flotilla;

struct StockConfig {
    int initial = 10;
};

FLT_DESCRIBE_CONFIG(StockConfig, (initial, "How many of each product there are at the start.", min(0)))

struct TakeIn {
    int qty = 1;
};

FLT_DESCRIBE(TakeIn, (qty, min(1), max(100)))

struct Stock {
    std::string product;
    int left = 0;
};

FLT_DESCRIBE(Stock, product, left)

/// Handlers run on all event loops at once: what they share has a lock.
class Shelf {
public:
    explicit Shelf(int initial) : left_{{"anchor", initial}, {"rope", initial}} {}

    Result<Stock> look(const std::string& product) { return take(product, 0); }

    Result<Stock> take(const std::string& product, int qty) {
        const std::lock_guard lock(mutex_);
        const auto found = left_.find(product);
        if (found == left_.end()) return fail(Status::not_found, "no such product: " + product);
        if (found->second < qty) return fail(Status::conflict, "not enough of " + product);
        found->second -= qty;
        return Stock{product, found->second};
    }

private:
    std::mutex mutex_;
    std::map<std::string, int> left_;
};

int main(int argc, char** argv) {
    Service service("stock", argc, argv);
    const auto config = service.bind<StockConfig>("stock");
    const auto log = service.logger("stock");
    const auto taken = service.meters().counter("stock.taken");
    Shelf shelf(config.initial);

    service.get("/stock/{product}", [&](Path<"product"> product) { return shelf.look(*product); });
    service.post("/stock/{product}/take", [&](Path<"product"> product, Body<TakeIn> body) {
        auto stock = shelf.take(*product, body->qty);
        if (stock) {
            taken.increment(body->qty);
            log.info("{} of {} taken, {} left", body->qty, stock->product, stock->left);
        }
        return stock;
    });
    return service.run();
}
