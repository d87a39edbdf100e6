// SPDX-License-Identifier: Apache-2.0
#include "config/apply/apply_core.h"

#include "base/check.h"

#include <algorithm>

namespace dyad::config {

namespace {

bool contains(const std::vector<RevisionRecord>& history, Revision revision) {
    return std::any_of(history.begin(), history.end(),
                       [&](const RevisionRecord& record) { return record.revision == revision; });
}

std::string nameOf(Revision revision) { return "revision " + std::to_string(revision.number); }

std::string describe(const StagedRevision& staged) {
    return "the apply of " + nameOf(staged.record.revision) + " that " + staged.record.who + " gave on " +
           staged.record.node;
}

} // namespace

bool ApplyState::has(Revision revision) const { return contains(history, revision); }

std::vector<ApplyAction> ApplyCore::step(const ApplyEvent& event) {
    DYAD_CHECK(!m_state.history.empty() || std::holds_alternative<apply_event::Restarted>(event),
               "the configuration's bookkeeping was used before its start");
    m_actions.clear();
    std::visit([this](const auto& each) { take(each); }, event);
    return std::move(m_actions);
}

// --- small steps ----------------------------------------------------------------------------------------------------

void ApplyCore::ask() { give(apply_action::Ask{++m_lastAsk}); }

void ApplyCore::stage(StagedRevision staged) {
    m_state.staged = std::move(staged);
    m_oldestUsefulAsk = m_lastAsk + 1;
}

void ApplyCore::drop() { m_state.staged.reset(); }

void ApplyCore::commit(RevisionRecord record) {
    m_state.staged.reset();
    m_state.history.push_back(std::move(record));
    if (m_state.history.size() > model::maxRevisionsKept)
        m_state.history.erase(m_state.history.begin(),
                              m_state.history.end() - static_cast<std::ptrdiff_t>(model::maxRevisionsKept));
}

void ApplyCore::tellDrift(const std::string& why) {
    if (why == m_drift) return;
    m_drift = why;
    give(apply_action::Drift{why});
}

// --- start ----------------------------------------------------------------------------------------------------------

void ApplyCore::take(const apply_event::Restarted& event) {
    const bool first = m_state.history.empty();
    if (first || m_state.current().revision.digest != event.fileDigest) {
        // A text that came by no apply: it is written down under the number of what it replaced, so that it is never
        // taken for newer than what the peer has.
        RevisionRecord found;
        found.revision = {first ? 1 : m_state.current().revision.number, event.fileDigest};
        found.parent = first ? 0 : m_state.current().revision.digest;
        found.who = first ? "first start" : "by hand";
        found.node = event.node;
        found.wallClockMs = event.wallClockMs;
        found.byHand = true;
        const std::optional<StagedRevision> staged = m_state.staged;
        commit(std::move(found));
        m_state.staged = staged;
    }
    if (m_state.staged && m_state.staged->coordinator) {
        // Not committed, so given up: nobody was told anything else.
        give(apply_action::Abort{m_state.staged->attempt});
        drop();
    }
    ask();
}

// --- the coordinator ------------------------------------------------------------------------------------------------

void ApplyCore::applyAlone(const apply_event::Ordered& event) {
    // The peer may have committed what this node had prepared for it. Then that is the new one's ancestor, and the peer
    // follows when it returns; had it given up, it follows just the same.
    if (m_state.staged) commit(m_state.staged->record);
    RevisionRecord record;
    record.revision = {m_state.current().revision.number + 1, event.digest};
    record.parent = m_state.current().revision.digest;
    record.who = event.who;
    record.node = event.node;
    record.wallClockMs = event.wallClockMs;
    commit(std::move(record));
    give(apply_action::Answer{event.request, true,
                              nameOf(m_state.current().revision) +
                                  " is taken on this node alone; the peer gets it when it can be asked again"});
    give(apply_action::Switch{});
    ask();
}

void ApplyCore::take(const apply_event::Ordered& event) {
    const auto refuse = [&](std::string why) { give(apply_action::Answer{event.request, false, std::move(why)}); };
    if (m_state.staged && (m_state.staged->coordinator || !event.alone)) {
        if (!m_state.staged->coordinator) ask();
        return refuse(describe(*m_state.staged) + " is under way; wait for its end and look at `dyad config history`");
    }
    if (event.alone) return applyAlone(event);
    if (!event.peer)
        return refuse("the peer can't be asked, and a configuration is switched on both nodes or on none; bring the "
                      "peer back, or say --alone");
    const ConfigurationPicture& peer = *event.peer;
    if (peer.staged) return refuse(describe(*peer.staged) + " is under way on the peer; wait for its end");
    const Revision own = m_state.current().revision;
    if (own.digest == event.digest && peer.current().revision == own && !m_state.current().byHand)
        return refuse("both nodes run this text already, as " + nameOf(own));

    StagedRevision staged;
    staged.attempt = event.attempt;
    staged.coordinator = true;
    staged.peerBase = peer.current().revision.digest;
    staged.record.revision = {std::max(own.number, peer.current().revision.number) + 1, event.digest};
    staged.record.parent = own.digest;
    staged.record.who = event.who;
    staged.record.node = event.node;
    staged.record.wallClockMs = event.wallClockMs;
    m_request = event.request;
    stage(staged);
    staged.coordinator = false; // as the peer keeps it
    give(apply_action::Prepare{std::move(staged)});
}

void ApplyCore::take(const apply_event::PrepareAnswered& event) {
    if (!m_state.staged || !m_state.staged->coordinator || m_state.staged->attempt != event.attempt) return;
    if (!event.prepared) {
        drop();
        give(apply_action::Abort{event.attempt});
        return give(apply_action::Answer{m_request, false, "refused by the peer: " + event.why});
    }
    commit(m_state.staged->record); // the decision
    give(apply_action::Commit{event.attempt, m_state.current().revision});
    give(apply_action::Answer{m_request, true, nameOf(m_state.current().revision) + " is taken on both nodes"});
    give(apply_action::Switch{});
    tellDrift("");
}

void ApplyCore::take(const apply_event::PrepareUnanswered& event) {
    if (!m_state.staged || !m_state.staged->coordinator || m_state.staged->attempt != event.attempt) return;
    drop();
    give(apply_action::Abort{event.attempt});
    give(apply_action::Answer{m_request, false,
                              "the peer did not answer (" + event.why + "); nothing was changed on either node"});
}

// --- the participant ------------------------------------------------------------------------------------------------

void ApplyCore::take(const apply_event::PrepareAsked& event) {
    const StagedRevision& wanted = event.staged;
    const auto refuse = [&](std::string why) {
        give(apply_action::AnswerPrepare{wanted.attempt, false, std::move(why)});
    };
    if (m_state.staged) {
        if (!m_state.staged->coordinator && m_state.staged->attempt == wanted.attempt)
            return give(apply_action::AnswerPrepare{wanted.attempt, true, ""}); // asked twice
        const std::string other = describe(*m_state.staged);
        if (!m_state.staged->coordinator) ask(); // its end may have been missed
        return refuse(other + " is under way there");
    }
    if (!event.problem.empty()) return refuse(event.problem);
    if (m_state.current().revision.digest != wanted.peerBase)
        return refuse("it has taken " + nameOf(m_state.current().revision) + " meanwhile; look at `dyad config diff`");
    if (wanted.record.revision.number <= m_state.current().revision.number)
        return refuse("it has " + nameOf(m_state.current().revision) + " already");
    StagedRevision staged = wanted;
    staged.coordinator = false;
    stage(std::move(staged));
    give(apply_action::AnswerPrepare{wanted.attempt, true, ""});
}

void ApplyCore::take(const apply_event::CommitAsked& event) {
    if (undecided() && m_state.staged->attempt == event.attempt) {
        commit(m_state.staged->record);
        give(apply_action::Switch{});
        tellDrift("");
    } else if (m_state.current().revision != event.revision) {
        ask(); // it has something that we don't know
    }
}

void ApplyCore::take(const apply_event::AbortAsked& event) {
    if (undecided() && m_state.staged->attempt == event.attempt) drop();
}

// --- finding out ----------------------------------------------------------------------------------------------------

void ApplyCore::take(const apply_event::LookAgain&) { ask(); }

void ApplyCore::learnDecision(const ConfigurationPicture& peer) {
    const StagedRevision staged = *m_state.staged;
    if (contains(peer.history, staged.record.revision)) {
        commit(staged.record);
        give(apply_action::Switch{});
    } else if (!peer.staged || peer.staged->attempt != staged.attempt) {
        drop();
    }
}

void ApplyCore::compare(const ConfigurationPicture& peer) {
    const RevisionRecord& own = m_state.current();
    const RevisionRecord& theirs = peer.current();
    if (own.revision.digest == theirs.revision.digest) {
        // The same text by two ways: the later number counts, and a text that both have is nobody's hand edit any more.
        if (theirs.revision.number > own.revision.number ||
            (theirs.revision.number == own.revision.number && own.byHand && !theirs.byHand))
            m_state.history = peer.history;
        m_state.history.back().byHand = false;
        return tellDrift("");
    }
    const bool behind = contains(peer.history, own.revision);
    const bool ahead = m_state.has(theirs.revision);
    // What was changed by hand is offered to nobody. That the other side has our very revision behind it, by whatever
    // way we came to it, makes theirs the newer one.
    if (behind && !theirs.byHand) return give(apply_action::Fetch{theirs.revision});
    if (ahead && !own.byHand) return tellDrift(""); // the peer fetches it, and says so if it can't
    const auto sideText = [](const RevisionRecord& record) {
        return nameOf(record.revision) + (record.byHand ? ", changed by hand" : " of " + record.who);
    };
    tellDrift("this node has " + sideText(own) + ", " + peer.node + " has " + sideText(theirs));
}

void ApplyCore::take(const apply_event::PeerTold& event) {
    if (event.picture.history.empty()) return;
    if (m_state.staged && m_state.staged->coordinator) return; // our own attempt decides
    if (m_state.staged) {
        if (event.asked < m_oldestUsefulAsk) return ask();
        learnDecision(event.picture);
        if (m_state.staged) return;
    }
    if (event.picture.staged) return; // the peer is about to change
    compare(event.picture);
}

void ApplyCore::take(const apply_event::Fetched& event) {
    if (m_state.staged || event.picture.history.empty()) return;
    const RevisionRecord& own = m_state.current();
    if (event.picture.staged || !contains(event.picture.history, own.revision) ||
        event.picture.current().revision == own.revision || event.picture.current().byHand)
        return; // meanwhile it is different
    if (!event.problem.empty())
        return tellDrift(event.picture.node + " has " + nameOf(event.picture.current().revision) +
                         ", which can't be taken here: " + event.problem);
    m_state.history = event.picture.history;
    give(apply_action::Switch{});
    tellDrift("");
}

} // namespace dyad::config
