// SPDX-License-Identifier: Apache-2.0
// Well when a GET is answered with the right status, and the right words in its body. Redirections are not followed:
// the answer of the asked one is what counts.
#pragma once

#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <memory>

#include "agents/probe.h"
#include "agents/timer.h"

namespace dyad::agents {

inline constexpr qint64 maxProbeBody = 64 * 1024; // what lies behind is not looked at

class HttpProbeRunner final : public ProbeRunner {
public:
    explicit HttpProbeRunner(model::HttpProbe settings);
    ~HttpProbeRunner() override;
    void run(Duration timeout, Done done) override;

private:
    void drop();
    void look();
    [[nodiscard]] ProbeResult judge() const;
    void finish(const ProbeResult& result);

    model::HttpProbe m_settings;
    Done m_done;
    QByteArray m_body;
    struct Later {
        void operator()(QObject* object) const { object->deleteLater(); } // one of its replies may be at work just now
    };
    std::unique_ptr<QNetworkAccessManager, Later> m_network;
    QNetworkReply* m_reply = nullptr; // of the run under way; a child of m_network
    Timer m_deadline;
    QObject m_context; // receives what is queued: with this object it is gone
};

} // namespace dyad::agents
