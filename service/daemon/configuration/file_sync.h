// SPDX-License-Identifier: Apache-2.0
// [[sync]]: the files of each set go from the node on which its group is active to the other one, over the control
// channel. config/sync/sync_plan.h decides path by path; here is the rest: when to look, what to say to the peer, what
// to write.
#pragma once

#include "config/sync/file_tree.h"
#include "control/protocol/peer_channel.h"
#include "control/server/route.h"
#include "daemon/configuration/worker.h"
#include "model/configuration.h"
#include "ports/outside.h"

#include <QObject>
#include <QTimer>

#include <functional>
#include <map>

namespace dyad::daemon {

struct FileSyncSetup {
    const model::Configuration& configuration;
    model::NodeId self = model::NodeId::First;
    std::string stateDirectory;
    control::PeerChannel& peer;
    ports::AlarmPort& alarms;
    ports::JournalPort& journal;
    const ports::Clock& clock;
    std::function<bool(model::GroupId)> activeHere;
    std::function<bool()> peerServed;
};

class FileSync final : public QObject {
public:
    explicit FileSync(FileSyncSetup setup, QObject* parent = nullptr);

    void start();
    // /v1/sync and what the two services say to each other below it.
    [[nodiscard]] control::Routes routes();

private:
    using Answered = std::function<void(const QJsonObject&, unsigned status)>;

    static constexpr std::chrono::milliseconds lookInterval{2000};
    static constexpr Duration retryInterval{15s}; // after a conflict or a failure, as long as nothing changes
    static constexpr Duration exchangePatience{20s};
    static constexpr Duration afterPatience{30s}; // of the command; then it is killed
    static constexpr std::size_t maxConflictsTold = 100;

    struct Set {
        const model::SyncSetup* setup = nullptr;
        bool busy = false;
        std::string base;         // as this node has written it down last; empty: not in this life
        std::string acknowledged; // the manifest that the peer has agreed to; empty: none
        std::size_t entries = 0;
        std::int64_t agreedAtMs = 0; // wall clock
        Instant nextLook;
        std::vector<config::SyncConflict> conflicts;
        std::vector<std::string> leftOut;
        std::string trouble;
    };
    struct Offer; // one exchange, on the active node

    [[nodiscard]] Set* find(const std::string& name);
    void look();
    // on the active node
    void begin(Set& set, bool force, Answered answered);
    void offer(const std::shared_ptr<Offer>& offer);
    void sendFiles(const std::shared_ptr<Offer>& offer, const QJsonObject& wanted);
    void finish(const std::shared_ptr<Offer>& offer, const QJsonObject& answer);
    void conclude(const std::shared_ptr<Offer>& offer, const QJsonObject& answer, const std::string& troubleHere);
    void fail(const std::shared_ptr<Offer>& offer, const std::string& why);
    void accept(Set& set, Answered answered);
    // on the other one
    void take(Set& set, const QJsonObject& body, bool withFiles, Answered answered);
    void give(Set& set, const QJsonObject& body, Answered answered);

    [[nodiscard]] std::string basePath(const model::SyncSetup& setup) const;
    [[nodiscard]] QJsonObject statusOf(const Set& set) const;
    void tell(Set& set);
    void write(model::Severity severity, const std::string& text);
    void askPeer(const QString& target, const QJsonObject& body, std::function<void(const Result<QJsonObject>&)> then);

    FileSyncSetup m_setup;
    std::vector<Set> m_sets; // never changes its size once started
    QTimer m_look;
    Worker m_worker;
};

} // namespace dyad::daemon
