// SPDX-License-Identifier: Apache-2.0
// The real server on a loopback port, with a token of each role: "view", "operate", "administer".
#pragma once

#include "certificate.h"
#include "control/server/server.h"
#include "control/server/tls.h"
#include "fake_service.h"
#include "sample_views.h"

#include <QCryptographicHash>
#include <QUrl>

namespace dyad::test {

inline std::string tokenLine(const char* name, const char* role, const char* token) {
    return std::string(name) + " " + role + " " +
           QCryptographicHash::hash(token, QCryptographicHash::Sha256).toHex().toStdString() + "\n";
}

inline control::TokenTable threeTokens() {
    const std::string text = tokenLine("vera", "viewer", "view") + tokenLine("otto", "operator", "operate") +
                             tokenLine("ada", "admin", "administer");
    return control::tokensFromText(text, "tokens").value();
}

class RunningServer {
public:
    RunningServer(FakeService& service, const Certificate& certificate, control::Bounds bounds = {})
        : m_server(service, control::ServerSettings{.addresses = {"127.0.0.1"},
                                                    .port = 0,
                                                    .tls = control::loadServerTls(certificate.folder()).value(),
                                                    .tokens = threeTokens(),
                                                    .bounds = bounds}),
          m_started(m_server.start().ok() && !m_server.ports().empty()) {}

    [[nodiscard]] bool started() const { return m_started; }
    [[nodiscard]] std::uint16_t port() const { return m_server.ports().at(0); }
    [[nodiscard]] QUrl url() const { return QUrl(QStringLiteral("https://127.0.0.1:%1").arg(port())); }
    [[nodiscard]] control::Server& server() { return m_server; }

private:
    control::Server m_server;
    bool m_started;
};

} // namespace dyad::test
