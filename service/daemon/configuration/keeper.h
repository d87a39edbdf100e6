// SPDX-License-Identifier: Apache-2.0
// The configuration of this node over time: takes orders to change it, agrees with the peer (config/apply/apply_core.h
// decides, this is its shell), keeps the last revisions, raises an alarm where the two nodes differ, and has the
// service restarted in place when it is its turn.
#pragma once

#include "config/apply/apply_core.h"
#include "config/apply/change_plan.h"
#include "config/apply/revision_store.h"
#include "config/apply/switch_turn.h"
#include "control/protocol/peer_channel.h"
#include "daemon/configuration/checked_text.h"
#include "daemon/configuration/worker.h"
#include "ports/configuration_port.h"
#include "ports/outside.h"

#include <QObject>
#include <QTimer>

#include <deque>
#include <map>

namespace dyad::daemon {

// What the engine and the heart know of the two nodes.
struct PairSituation {
    std::vector<config::GroupWhereabouts> groups; // by GroupId of the running configuration
    bool ownHere = false;
    bool ownThere = false;
    std::uint64_t peerRuns = 0;
    bool peerHeard = false;
    bool peerServed = false;
    bool peerLost = false;

    bool operator==(const PairSituation&) const = default;
};

struct KeeperSetup {
    std::string configurationFile;
    std::string stateDirectory;
    model::NodeId self = model::NodeId::First;
    const model::Configuration& running;
    config::LiveSetup live;
    control::PeerChannel& peer;
    ports::AlarmPort& alarms;
    ports::JournalPort& journal;
    const ports::Clock& clock;
    std::function<PairSituation()> situation;
    // Makes everything ready for another life with `to` (the heart, sessions that are given up), then calls `then`.
    std::function<void(const model::Configuration& to, bool heart, std::function<void()> then)> prepareRestart;
    std::function<void()> restart; // doesn't return unless it failed
};

class Keeper final : public QObject, public ports::ConfigurationPort {
public:
    explicit Keeper(KeeperSetup setup, QObject* parent = nullptr);

    // Reads what was kept (blocks on the disk for a few milliseconds), then looks for the peer.
    [[nodiscard]] Result<void> start();

    [[nodiscard]] model::ConfigurationPicture picture() const override;
    void text(std::uint64_t revision, std::function<void(Result<std::string>)> done) override;
    void check(std::string text, std::function<void(model::ConfigurationReport)> done) override;
    void apply(ports::ApplyOrder order, std::function<void(model::ApplyReport)> done) override;
    void prepare(model::StagedRevision staged, std::string text,
                 std::function<void(ports::PrepareReply)> done) override;
    void commit(std::uint64_t attempt, model::Revision revision) override;
    void abort(std::uint64_t attempt) override;

private:
    struct Order {
        model::ApplyReport report;
        std::function<void(model::ApplyReport)> done;
        std::uint64_t digest = 0;
        std::string text; // for the peer
    };
    using CheckDone = std::function<void(const CheckedText&)>;

    static constexpr std::size_t maxWaiting = 64; // events; one more is dropped, and the peer asks again

    // the core and its disk
    void post(config::ApplyEvent event);
    void pump();
    void couldNotSave(const config::ApplyEvent& event, const Error& error);
    void carryOut(const config::ApplyAction& action);
    void answer(std::uint64_t request, bool accepted, const std::string& text);

    // texts
    void checkThen(std::string text, CheckDone then);
    [[nodiscard]] config::ChangePlan planFor(const model::Configuration& to) const;
    [[nodiscard]] model::ConfigurationReport reportOf(const CheckedText& checked) const;
    void order(const CheckedText& checked, const ports::ApplyOrder& order, std::function<void(model::ApplyReport)> done);
    void dryRun(const CheckedText& checked, bool alone, std::function<void(model::ApplyReport)> done);

    // the peer
    void askPeer(const QByteArray& method, const QByteArray& target, const QByteArray& body, Duration patience,
                 control::PeerChannel::Answered answered);
    [[nodiscard]] QByteArray bodyWith(const model::StagedRevision& staged, bool withText) const;
    void fetchPicture(bool withText, std::function<void(std::optional<model::ConfigurationPicture>)> then);
    void sendPrepare(const config::apply_action::Prepare& prepare);
    void fetch();
    void lookAround();

    // the running service
    void switchTo();
    void considerTurn();
    void goThrough();
    void write(model::Severity severity, const std::string& text);

    KeeperSetup m_setup;
    config::RevisionStore m_store;
    config::ApplyCore m_core{config::ApplyState{}};
    std::uint64_t m_installed = 0;
    std::string m_runningText;
    Worker m_disk;    // short work on the local disk
    Worker m_checker; // live checks may wait for the network
    std::deque<config::ApplyEvent> m_waiting;
    bool m_saving = false;
    std::uint64_t m_lastRequest = 0;
    std::map<std::uint64_t, Order> m_orders;
    std::map<std::uint64_t, std::function<void(ports::PrepareReply)>> m_prepares; // by attempt

    QTimer m_look; // asks the peer as long as there is something to find out
    bool m_told = false; // the peer has told its picture since the start

    std::optional<model::Configuration> m_wanted; // taken, and the service doesn't run it yet
    bool m_alone = false;
    bool m_restarting = false;
    QTimer m_turn;
    PairSituation m_lastSituation; // without what flaps
    Instant m_situationSince;
    Instant m_lostSince; // only while the peer is lost
    bool m_lost = false;
    Instant m_wantedSince;
};

} // namespace dyad::daemon
