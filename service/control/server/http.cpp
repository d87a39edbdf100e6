// SPDX-License-Identifier: Apache-2.0
#include "control/server/http.h"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <sstream>

namespace dyad::control {
namespace http = boost::beast::http;

struct RequestReader::Parser {
    explicit Parser(const Bounds& bounds) {
        request.header_limit(static_cast<std::uint32_t>(bounds.headerBytes));
        request.body_limit(bounds.largestBodyBytes);
        request.eager(false); // one part per call, so that a header is looked at before its body is
    }
    http::request_parser<http::string_body> request;
};

RequestReader::RequestReader(const Bounds& bounds, BodyLimit bodyLimit)
    : m_bounds(bounds), m_bodyLimit(std::move(bodyLimit)), m_parser(std::make_unique<Parser>(bounds)) {}

RequestReader::~RequestReader() = default;

RequestReader::Progress RequestReader::bad(unsigned status, QString trouble) {
    m_status = status;
    m_trouble = std::move(trouble);
    return Progress::Bad;
}

RequestReader::Progress RequestReader::feed(QByteArray& input) {
    auto& request = m_parser->request;
    if (!input.isEmpty()) m_started = true;
    while (!input.isEmpty() && !request.is_done()) {
        boost::beast::error_code trouble;
        std::size_t taken = 0;
        try {
            taken =
                request.put(boost::asio::buffer(input.constData(), static_cast<std::size_t>(input.size())), trouble);
        } catch (const std::exception& refused) { // Beast throws where a field doesn't fit its own tables
            return bad(400, QString::fromUtf8(refused.what()));
        }
        input.remove(0, static_cast<qsizetype>(taken));
        if (trouble == http::error::header_limit)
            return bad(431, QStringLiteral("the header is longer than %1 bytes").arg(m_bounds.headerBytes));
        if (trouble == http::error::body_limit)
            return bad(413, QStringLiteral("the body is longer than %1 bytes").arg(m_bounds.bodyBytes));
        if (trouble == http::error::need_more || (!trouble && taken == 0)) {
            return Progress::NeedsMore; // what is left in `input` is part of a header, no longer than its limit
        }
        if (trouble) return bad(400, QString::fromStdString(trouble.message()));
        // Nobody needs chunks for a few bytes, and Beast 1.74 stops the program at a trailer that comes in small
        // pieces.
        if (request.is_header_done() && request.chunked())
            return bad(411, QStringLiteral("a body in chunks isn't taken; send it with Content-Length"));
        if (request.is_header_done() && !m_bodyJudged) {
            m_bodyJudged = true;
            const std::size_t most = m_bodyLimit ? m_bodyLimit(head()) : m_bounds.bodyBytes;
            if (request.content_length().value_or(0) > most)
                return bad(413, QStringLiteral("the body is longer than %1 bytes").arg(most));
        }
    }
    return request.is_done() ? Progress::Complete : Progress::NeedsMore;
}

Request RequestReader::head() const {
    const auto bytes = [](boost::beast::string_view view) {
        return QByteArray(view.data(), static_cast<qsizetype>(view.size()));
    };
    const auto& message = m_parser->request.get();
    Request request;
    request.method = bytes(message.method_string());
    request.target = bytes(message.target());
    request.authorization = bytes(message[http::field::authorization]);
    request.lastEventId = bytes(message["Last-Event-ID"]);
    request.idempotencyKey = bytes(message["Idempotency-Key"]);
    request.operatorName = bytes(message["Dyad-Operator"]);
    request.operatorRole = bytes(message["Dyad-Operator-Role"]);
    request.operatorAddress = bytes(message["Dyad-Operator-Address"]);
    request.version = message.version();
    request.keepAlive = message.keep_alive();
    return request;
}

Request RequestReader::take() {
    Request request = head();
    request.body = QByteArray::fromStdString(m_parser->request.get().body());
    m_parser = std::make_unique<Parser>(m_bounds);
    m_started = false;
    m_bodyJudged = false;
    return request;
}

QByteArray toBytes(const Response& response, unsigned version, bool keepAlive, bool head) {
    http::response<http::string_body> message(static_cast<http::status>(response.status), version);
    message.set(http::field::server, "dyadd");
    message.set(http::field::content_type, response.contentType.toStdString());
    message.set(http::field::cache_control, "no-store");
    for (const auto& [name, value] : response.fields)
        message.set(name.toStdString(), value.toStdString());
    message.keep_alive(keepAlive && !response.stream && !response.close);
    if (!response.stream)
        message.content_length(
            static_cast<std::uint64_t>(response.source ? response.sourceBytes : response.body.size()));
    if (!response.stream && !head) message.body() = response.body.toStdString();
    std::ostringstream out;
    out << message;
    return QByteArray::fromStdString(out.str());
}

} // namespace dyad::control
