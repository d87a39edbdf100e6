// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 (RFC 9112) as Boost.Beast parses and writes it, without a socket: bytes in, requests out; answers in, bytes
// out. Pure; nothing here blocks.
#pragma once

#include "control/server/bounds.h"

#include <QByteArray>
#include <QIODevice>
#include <QString>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace dyad::control {

struct Request {
    QByteArray method;
    QByteArray target; // as sent: path and query, percent-encoded
    QByteArray authorization;
    QByteArray lastEventId;
    QByteArray idempotencyKey; // names an order, so that a repeat isn't carried out again
    // Of an operator whose order the peer passes on; percent-encoded. Count only with the peer's own token.
    QByteArray operatorName;
    QByteArray operatorRole;
    QByteArray operatorAddress;
    QByteArray body;
    unsigned version = 11; // 10 or 11
    bool keepAlive = true;
};

struct Response {
    unsigned status = 200;
    QByteArray contentType = "application/json";
    QByteArray body;
    std::vector<std::pair<QByteArray, QByteArray>> fields; // further header fields
    bool close = false;                                    // the connection ends after this answer
    // A body that is read piece by piece as the reader takes it: exactly so many bytes of a device that doesn't block.
    std::shared_ptr<QIODevice> source;
    qint64 sourceBytes = 0;
    // An event stream follows the header instead of a body, with the journal after this entry.
    std::optional<std::uint64_t> stream;
};

// Takes one request after the other from a byte stream.
class RequestReader {
public:
    enum class Progress { NeedsMore, Complete, Bad };

    // The longest body of a request whose header is in; asked before any of the body is kept.
    using BodyLimit = std::function<std::size_t(const Request& head)>;

    explicit RequestReader(const Bounds& bounds, BodyLimit bodyLimit = {});
    ~RequestReader();
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;

    // Takes from the front of `input` what belongs to the present request. Complete: call take(). Bad: the stream can't
    // be read any further; status() and trouble() say why.
    [[nodiscard]] Progress feed(QByteArray& input);
    [[nodiscard]] Request take();

    [[nodiscard]] bool started() const { return m_started; } // some of a request is in
    [[nodiscard]] unsigned status() const { return m_status; }
    [[nodiscard]] const QString& trouble() const { return m_trouble; }

private:
    struct Parser;
    [[nodiscard]] Progress bad(unsigned status, QString trouble);

    [[nodiscard]] Request head() const;

    Bounds m_bounds;
    BodyLimit m_bodyLimit;
    std::unique_ptr<Parser> m_parser;
    bool m_bodyJudged = false;
    bool m_started = false;
    unsigned m_status = 0;
    QString m_trouble;
};

// `head`: the request was a HEAD, so the body's length is told and the body left out.
[[nodiscard]] QByteArray toBytes(const Response& response, unsigned version, bool keepAlive, bool head);

} // namespace dyad::control
