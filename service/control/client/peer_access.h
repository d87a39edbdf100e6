// SPDX-License-Identifier: Apache-2.0
// Asks the other node's service, over whichever link answers, with the pair's pinned certificate and this node's token.
#pragma once

#include "control/client/pinned_network.h"
#include "control/protocol/peer_channel.h"

#include <QObject>
#include <QTimer>
#include <QUrl>

#include <memory>
#include <vector>

namespace dyad::control {

struct PeerAccessSettings {
    std::string peerName;
    QByteArray token;    // of this node; see daemon/node_token.h
    QSslCertificate pin; // the pair's certificate
    // "https://10.77.1.2:7410" of each link, the likeliest first; asked anew for each question.
    std::function<std::vector<QUrl>()> urls;
    Duration tryNext = 400ms; // no connection yet over one link: the next is tried
};

class PeerAccess : public QObject, public PeerChannel {
    Q_OBJECT
public:
    explicit PeerAccess(PeerAccessSettings settings, QObject* parent = nullptr);
    ~PeerAccess() override;

    void ask(const PeerQuestion& question, Answered answered) override;
    [[nodiscard]] const std::string& peerName() const override { return m_settings.peerName; }

private:
    struct Attempt;
    void tryNext(const std::shared_ptr<Attempt>& attempt);
    void finished(const std::shared_ptr<Attempt>& attempt, QNetworkReply* reply);

    // More questions at once than these are refused: the peer doesn't answer, and something here asks without end.
    static constexpr std::size_t maxOpen = 64;

    PeerAccessSettings m_settings;
    std::unique_ptr<PinnedNetwork> m_network; // made with the first question
    std::size_t m_open = 0;
};

} // namespace dyad::control
