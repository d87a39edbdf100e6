// SPDX-License-Identifier: Apache-2.0
// Two services that can ask each other, without a network: a question is handed to the other one's routes.
#pragma once

#include "control/protocol/object_reader.h"
#include "control/protocol/peer_channel.h"
#include "control/server/route.h"
#include "ports/outside.h"

#include <QStringList>
#include <QTimer>
#include <QUrl>

#include <map>
#include <vector>

namespace dyad {

class DirectChannel final : public control::PeerChannel {
public:
    DirectChannel(std::string self, std::string peer) : m_self(std::move(self)), m_peer(std::move(peer)) {}

    const control::Routes* routes = nullptr;              // of the peer; none: it is down
    std::function<bool(const QByteArray& target)> loses;  // the answer to this question never comes
    std::vector<QByteArray> asked;

    void ask(const control::PeerQuestion& question, Answered answered) override {
        asked.push_back(question.method + " " + question.target);
        QTimer::singleShot(0, &m_context, [this, question, answered] {
            if (!routes) return answered({.error = {"ask", m_peer, "nobody is there", ""}});
            const QUrl url = QUrl::fromEncoded("https://x" + question.target);
            const QStringList segments = url.path().split(QLatin1Char('/'));
            for (const control::Route& route : *routes) {
                const QStringList wanted = QString::fromStdString(route.pattern).split(QLatin1Char('/'));
                if (question.method != route.method || wanted.size() != segments.size()) continue;
                control::Call call;
                bool fits = true;
                for (qsizetype i = 0; i < wanted.size(); ++i) {
                    if (wanted[i] == QLatin1String("*"))
                        call.names.push_back(segments[i].toStdString());
                    else
                        fits = fits && wanted[i] == segments[i];
                }
                if (!fits) continue;
                call.request.method = question.method;
                call.request.target = question.target;
                call.request.body = question.body;
                call.query = QUrlQuery(url);
                call.caller = {m_self, control::AccessRole::Admin, "10.77.1.1", m_self};
                const bool lost = loses && loses(question.target);
                call.answered = [answered, lost, peer = m_peer](const control::Response& response) {
                    if (lost)
                        answered({.mayHaveArrived = true, .error = {"ask", peer, "no answer in time", ""}});
                    else
                        answered({.status = response.status, .body = response.body});
                };
                return route.run(call);
            }
            answered({.status = 404});
        });
    }
    [[nodiscard]] const std::string& peerName() const override { return m_peer; }

private:
    std::string m_self;
    std::string m_peer;
    QObject m_context;
};

struct KeptAlarms final : ports::AlarmPort {
    std::map<std::string, std::string> raised;
    void raise(const model::AlarmView& alarm) override { raised[alarm.id] = alarm.text; }
    void clear(const std::string& id) override { raised.erase(id); }
};

struct KeptJournal final : ports::JournalPort {
    std::vector<std::string> lines;
    void write(model::JournalEntry entry) override { lines.push_back(entry.text); }
};

// Goes on by itself, so that what waits for a second needn't.
struct QuickClock final : ports::Clock {
    [[nodiscard]] Instant now() const override {
        m_now += std::chrono::nanoseconds(200ms).count();
        return Instant::fromNanoseconds(m_now);
    }
    [[nodiscard]] std::int64_t wallClockMs() const override { return 1'795'000'000'000; }

private:
    mutable std::int64_t m_now = 1;
};

} // namespace dyad
