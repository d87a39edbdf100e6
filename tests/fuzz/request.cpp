// SPDX-License-Identifier: Apache-2.0
// Any bytes on a connection of the control server: in pieces, as one stream of requests, without a token and with a
// good one. Bounds hold, nobody without a token gives an order.
#include "fuzz.h"

#include "control/server/order_desk.h"
#include "control/server/router.h"
#include "control/server/routes/order_routes.h"
#include "fake_service.h"

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QHostAddress>

#include <algorithm>

using namespace dyad;

namespace {

control::TokenTable tokens() {
    std::vector<control::Token> table;
    for (const auto role : {control::AccessRole::Viewer, control::AccessRole::Operator, control::AccessRole::Admin})
        table.push_back({control::toText(role), role,
                         QCryptographicHash::hash(QByteArray(control::toText(role)), QCryptographicHash::Sha256)});
    return control::TokenTable(std::move(table));
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const control::Bounds bounds;
    fuzz::Bytes bytes{data, size};
    const std::uint8_t how = fuzz::takeByte(bytes);
    const bool withToken = (how & 1) != 0;
    const std::size_t piece = std::size_t{1} << (how >> 4);

    test::FakeService service;
    service.write("peer_alive", "", "beta is heard");
    control::Counters counters;
    control::OrderDesk desk(service, [] { return Instant(); });
    control::Router router(bounds, counters, [] { return Instant(); });
    router.add(control::orderRoutes(service, desk));
    router.setTokens(tokens());
    control::RequestReader reader(bounds);
    QByteArray input;
    bool trustedEver = false;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const std::size_t count = std::min(piece, bytes.size() - at);
        input.append(reinterpret_cast<const char*>(bytes.data() + at), static_cast<qsizetype>(count));
        while (!input.isEmpty()) {
            const qsizetype before = input.size();
            const auto progress = reader.feed(input);
            if (progress == control::RequestReader::Progress::Bad) {
                fuzz::promise(reader.status() >= 400 && reader.status() < 600, "a bad request has a status");
                return 0;
            }
            if (progress == control::RequestReader::Progress::NeedsMore) {
                fuzz::promise(static_cast<std::size_t>(input.size()) <= bounds.headerBytes + bounds.bodyBytes + piece,
                              "what waits is bounded");
                if (input.size() == before) break;
                continue;
            }
            control::Request request = reader.take();
            fuzz::promise(static_cast<std::size_t>(request.body.size()) <= bounds.bodyBytes, "a body is bounded");
            if (withToken) request.authorization = "Bearer operator";
            unsigned answers = 0;
            router.handle(request, QHostAddress::LocalHost, [&](const control::Response& response, const QByteArray& token) {
                ++answers;
                trustedEver = trustedEver || !token.isEmpty();
                fuzz::promise(response.status >= 200 && response.status < 600, "an answer has a status");
                static_cast<void>(control::toBytes(response, request.version, request.keepAlive, false));
            });
            fuzz::promise(answers == 1, "each request is answered once");
        }
    }
    // The fuzzer may know the tokens' words by chance; without any trust there is no order.
    fuzz::promise(trustedEver || service.orders.empty(), "only who has shown a good token gives orders");
    return 0;
}
