// SPDX-License-Identifier: Apache-2.0
// One configuration on two nodes: `apply` switches both or none. Pure: events in, actions out; no clock, no file, no
// socket. Its shell keeps the promise that makes it safe: when step() has changed state(), the state is on disk before
// the first action is carried out.
//
// The picture: the node that is given the order (the coordinator) writes the text down as *staged*, asks its peer to
// do the same (prepare), and, once the peer has answered, commits by one write to its own disk. That write is the
// decision. A peer that has prepared and hears nothing asks: a coordinator that has neither staged nor committed the
// attempt has given it up. So a crash at any point leaves either the old text on both, or the new one on both as soon
// as they can talk.
//
// What goes on from there to the running service (the file, the restart in place) is the shell's affair: see
// switch_turn.h.
#pragma once

#include "model/revision.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace dyad::config {

using model::ConfigurationPicture;
using model::Revision;
using model::RevisionRecord;
using model::StagedRevision;

// What must survive a power failure.
struct ApplyState {
    std::vector<RevisionRecord> history; // oldest first, at most maxRevisionsKept; the last is current
    std::optional<StagedRevision> staged;

    [[nodiscard]] const RevisionRecord& current() const { return history.back(); }
    [[nodiscard]] bool has(Revision revision) const;
    bool operator==(const ApplyState&) const = default;
};

namespace apply_event {

// The service has started. `fileDigest` is of the file that it has read.
struct Restarted {
    std::uint64_t fileDigest = 0;
    std::string node;
    std::int64_t wallClockMs = 0;
};
// An operator's order. The text is checked here and on disk.
struct Ordered {
    std::uint64_t request = 0; // quoted in Answer
    std::uint64_t attempt = 0; // never used before on either node
    std::uint64_t digest = 0;
    std::string who;
    std::string node;
    std::int64_t wallClockMs = 0;
    bool alone = false;          // without the peer
    std::optional<ConfigurationPicture> peer; // none: it could not be asked
};
// The coordinator asks this node. `problem` is what the check of the text found here; empty: it is good and on disk.
struct PrepareAsked {
    StagedRevision staged;
    std::string problem;
};
// What came of our Prepare.
struct PrepareAnswered {
    std::uint64_t attempt = 0;
    bool prepared = false;
    std::string why; // where not
};
// No answer to our Prepare: the peer may or may not have prepared.
struct PrepareUnanswered {
    std::uint64_t attempt = 0;
    std::string why;
};
struct CommitAsked {
    std::uint64_t attempt = 0;
    Revision revision;
};
struct AbortAsked {
    std::uint64_t attempt = 0;
};
// The answer to an Ask. `asked` is the number of that Ask.
struct PeerTold {
    std::uint64_t asked = 0;
    ConfigurationPicture picture;
};
// The text of a Fetch is checked and on disk here, or there is a problem.
struct Fetched {
    ConfigurationPicture picture;
    std::string problem;
};
// From time to time, and whenever the peer's heartbeat carries another digest than before.
struct LookAgain {};

} // namespace apply_event

using ApplyEvent =
    std::variant<apply_event::Restarted, apply_event::Ordered, apply_event::PrepareAsked, apply_event::PrepareAnswered,
                 apply_event::PrepareUnanswered, apply_event::CommitAsked, apply_event::AbortAsked,
                 apply_event::PeerTold, apply_event::Fetched, apply_event::LookAgain>;

namespace apply_action {

// To the peer. Prepare ends in PrepareAnswered or PrepareUnanswered; of Commit and Abort nobody waits for an answer.
struct Prepare {
    StagedRevision staged;
};
struct Commit {
    std::uint64_t attempt = 0;
    Revision revision;
};
struct Abort {
    std::uint64_t attempt = 0;
};
// The answer to PrepareAsked.
struct AnswerPrepare {
    std::uint64_t attempt = 0;
    bool prepared = false;
    std::string why;
};
// The peer's picture is wanted: PeerTold, or nothing where it can't be asked.
struct Ask {
    std::uint64_t number = 0;
};
// The peer's current text is wanted: Fetched, or nothing.
struct Fetch {
    Revision revision;
};
// To the operator.
struct Answer {
    std::uint64_t request = 0;
    bool accepted = false;
    std::string text;
};
// state().current() has changed: the service is to run it.
struct Switch {};
// The two nodes differ and nothing here may choose. `why` is for the alarm; empty: they don't differ any more.
struct Drift {
    std::string why;
};

} // namespace apply_action

using ApplyAction = std::variant<apply_action::Prepare, apply_action::Commit, apply_action::Abort,
                                 apply_action::AnswerPrepare, apply_action::Ask, apply_action::Fetch,
                                 apply_action::Answer, apply_action::Switch, apply_action::Drift>;

class ApplyCore {
public:
    // `kept`: as it was written last; an empty history where nothing was ever written.
    explicit ApplyCore(ApplyState kept) : m_state(std::move(kept)) {}

    // The first event is Restarted.
    [[nodiscard]] std::vector<ApplyAction> step(const ApplyEvent& event);
    [[nodiscard]] const ApplyState& state() const { return m_state; }
    // This node can't tell yet what the coordinator has decided.
    [[nodiscard]] bool undecided() const { return m_state.staged && !m_state.staged->coordinator; }
    [[nodiscard]] const std::string& drift() const { return m_drift; }

private:
    void take(const apply_event::Restarted& event);
    void take(const apply_event::Ordered& event);
    void take(const apply_event::PrepareAsked& event);
    void take(const apply_event::PrepareAnswered& event);
    void take(const apply_event::PrepareUnanswered& event);
    void take(const apply_event::CommitAsked& event);
    void take(const apply_event::AbortAsked& event);
    void take(const apply_event::PeerTold& event);
    void take(const apply_event::Fetched& event);
    void take(const apply_event::LookAgain& event);

    template <typename Action>
    void give(Action action) {
        m_actions.emplace_back(std::in_place_type<Action>, std::move(action));
    }
    void ask();
    void stage(StagedRevision staged);
    void drop();
    void commit(RevisionRecord record);
    void applyAlone(const apply_event::Ordered& event);
    void learnDecision(const ConfigurationPicture& peer);
    void compare(const ConfigurationPicture& peer);
    void tellDrift(const std::string& why);

    ApplyState m_state;
    std::vector<ApplyAction> m_actions;
    std::uint64_t m_lastAsk = 0;
    std::uint64_t m_oldestUsefulAsk = 0; // an answer to an earlier one was given before we staged
    std::uint64_t m_request = 0;         // of the order under way; not kept over a restart: nobody waits any more
    std::string m_drift;
};

} // namespace dyad::config
