// SPDX-License-Identifier: Apache-2.0
// Orders of an operator, and what the peer asks and is asked.
#include "config/digest.h"
#include "control/protocol/configuration_json.h"
#include "control/protocol/object_reader.h"
#include "daemon/configuration/keeper.h"

#include <QRandomGenerator>

namespace dyad::daemon {

using namespace config::apply_event;

namespace {

// The peer checks the text against its own host before it answers.
constexpr Duration preparePatience = config::portalPatience + 2 * config::agentsPatience + 6s;
constexpr Duration checkPatience = config::portalPatience + 2 * config::agentsPatience + 4s;

// Why a text can't be taken on this node; empty: it can.
std::string whyNot(const CheckedText& checked, const config::ChangePlan& plan) {
    if (const std::string error = checked.firstError(); !error.empty()) return error;
    if (!plan.impossible.empty()) return plan.impossible.front();
    std::string text;
    for (const config::Blocker& each : plan.mustStop)
        text += (text.empty() ? "" : "; ") + ("group " + each.group + " runs on " + each.node + ", and " + each.why);
    if (!text.empty()) text += "; stop what is named here first (`dyad disable GROUP`), then apply again";
    return text;
}

} // namespace

void Keeper::apply(ports::ApplyOrder order, std::function<void(model::ApplyReport)> done) {
    std::string text = std::move(order.text);
    checkThen(std::move(text), [this, order, done](const CheckedText& checked) {
        if (order.dryRun)
            dryRun(checked, order.alone, done);
        else
            this->order(checked, order, done);
    });
}

void Keeper::dryRun(const CheckedText& checked, bool alone, std::function<void(model::ApplyReport)> done) {
    model::ApplyReport report;
    report.reports.push_back(reportOf(checked));
    const std::string here = checked.configuration ? whyNot(checked, planFor(*checked.configuration)) : checked.firstError();
    const QByteArray body = control::toLine(QJsonObject{{"text", QString::fromStdString(checked.text)}});
    askPeer("POST", "/v1/config/check", body, checkPatience,
            [this, report, here, alone, done](const control::PeerAnswer& answer) mutable {
                std::string there;
                if (answer.status == 200) {
                    const Result<QJsonObject> object = control::objectFromBytes(answer.body, "the peer's check");
                    const Result<model::ConfigurationReport> found =
                        object ? control::configurationReportFromJson(object.value()) : object.error();
                    if (found) {
                        report.reports.push_back(found.value());
                        if (!found.value().good()) there = found.value().node + " finds errors, or must stop a group first";
                    } else {
                        there = found.error().text();
                    }
                } else if (!alone) {
                    there = m_setup.peer.peerName() + " can't be asked: " +
                            (answer.answered() ? "it answers " + std::to_string(answer.status) : answer.error.text()) +
                            "; bring it back, or say --alone";
                }
                report.accepted = here.empty() && there.empty();
                report.text = report.accepted ? "it would be taken on both nodes"
                              : here.empty()  ? "it would be refused: " + there
                                              : "it would be refused: " + here;
                if (report.accepted && alone && report.reports.size() == 1)
                    report.text = "it would be taken on this node alone";
                done(report);
            });
}

void Keeper::order(const CheckedText& checked, const ports::ApplyOrder& order,
                   std::function<void(model::ApplyReport)> done) {
    model::ApplyReport report;
    report.reports.push_back(reportOf(checked));
    const std::string why = checked.configuration ? whyNot(checked, planFor(*checked.configuration)) : checked.firstError();
    if (!why.empty()) {
        report.text = "refused: " + why;
        return done(report);
    }
    Ordered event;
    event.request = ++m_lastRequest;
    do
        event.attempt = QRandomGenerator::system()->generate64();
    while (event.attempt == 0);
    event.digest = checked.digest;
    event.who = order.who;
    event.node = report.reports.front().node;
    event.wallClockMs = m_setup.clock.wallClockMs();
    event.alone = order.alone;
    m_orders[event.request] = {std::move(report), std::move(done), checked.digest, checked.text};
    m_alone = order.alone;
    const auto go = [this, text = checked.text](const Ordered& ready) {
        m_disk.run([this, ready, text]() -> std::function<void()> {
            return [this, ready, kept = m_store.keepText(ready.digest, text)] {
                if (!kept) return answer(ready.request, false, kept.error().text());
                post(ready);
            };
        });
    };
    if (order.alone) return go(event);
    fetchPicture(false, [go, event](std::optional<model::ConfigurationPicture> peer) mutable {
        event.peer = std::move(peer);
        go(event);
    });
}

// --- asked by the peer ----------------------------------------------------------------------------------------------

void Keeper::prepare(model::StagedRevision staged, std::string text, std::function<void(ports::PrepareReply)> done) {
    checkThen(std::move(text), [this, staged, done](const CheckedText& checked) {
        PrepareAsked event{staged, ""};
        if (checked.digest != staged.record.revision.digest)
            event.problem = "the text arrived damaged";
        else
            event.problem = checked.configuration ? whyNot(checked, planFor(*checked.configuration)) : checked.firstError();
        if (!event.problem.empty())
            event.problem = m_setup.running.nodes[model::indexOf(m_setup.self)].name + ": " + event.problem;
        if (auto earlier = m_prepares.extract(staged.attempt)) earlier.mapped()({false, "asked again meanwhile"});
        m_prepares[staged.attempt] = done;
        if (!event.problem.empty()) return post(event);
        m_disk.run([this, event, text = checked.text]() mutable -> std::function<void()> {
            const Result<void> kept = m_store.keepText(event.staged.record.revision.digest, text);
            if (!kept) event.problem = kept.error().text();
            return [this, event] { post(event); };
        });
    });
}

void Keeper::commit(std::uint64_t attempt, model::Revision revision) { post(CommitAsked{attempt, revision}); }
void Keeper::abort(std::uint64_t attempt) { post(AbortAsked{attempt}); }

// --- asking the peer ------------------------------------------------------------------------------------------------

void Keeper::askPeer(const QByteArray& method, const QByteArray& target, const QByteArray& body, Duration patience,
                     control::PeerChannel::Answered answered) {
    control::PeerQuestion question;
    question.method = method;
    question.target = target;
    question.body = body;
    question.patience = patience;
    m_setup.peer.ask(question, std::move(answered));
}

QByteArray Keeper::bodyWith(const model::StagedRevision& staged, bool withText) const {
    QJsonObject body{{"staged", control::toJson(staged)}};
    for (const auto& [request, order] : m_orders)
        if (withText && order.digest == staged.record.revision.digest)
            body["text"] = QString::fromStdString(order.text);
    return control::toLine(body);
}

void Keeper::fetchPicture(bool withText, std::function<void(std::optional<model::ConfigurationPicture>)> then) {
    askPeer("GET", withText ? "/v1/config" : "/v1/config?text=no", {}, 4s, [then](const control::PeerAnswer& answer) {
        if (answer.status != 200) return then(std::nullopt);
        const Result<QJsonObject> object = control::objectFromBytes(answer.body, "the peer's configuration");
        if (!object) return then(std::nullopt);
        const Result<model::ConfigurationPicture> picture = control::pictureFromJson(object.value());
        then(picture ? std::optional(picture.value()) : std::nullopt);
    });
}

void Keeper::sendPrepare(const config::apply_action::Prepare& prepare) {
    const std::uint64_t attempt = prepare.staged.attempt;
    askPeer("POST", "/v1/config/prepare", bodyWith(prepare.staged, true), preparePatience,
            [this, attempt](const control::PeerAnswer& answer) {
                if (!answer.answered()) return post(PrepareUnanswered{attempt, answer.error.text()});
                const Result<QJsonObject> object = control::objectFromBytes(answer.body, "the peer's answer");
                if (answer.status != 200 || !object)
                    return post(PrepareAnswered{attempt, false, "it answers with status " + std::to_string(answer.status)});
                post(PrepareAnswered{attempt, object.value()[QStringLiteral("prepared")].toBool(),
                                     object.value()[QStringLiteral("why")].toString().toStdString()});
            });
}

void Keeper::fetch() {
    fetchPicture(true, [this](std::optional<model::ConfigurationPicture> picture) {
        if (!picture) return;
        std::string text = std::exchange(picture->text, {});
        checkThen(std::move(text), [this, picture = std::move(*picture)](const CheckedText& checked) {
            Fetched event{picture, ""};
            if (checked.digest != picture.current().revision.digest)
                event.problem = "the text arrived damaged";
            else
                event.problem =
                    checked.configuration ? whyNot(checked, planFor(*checked.configuration)) : checked.firstError();
            m_disk.run([this, event, checked]() mutable -> std::function<void()> {
                if (event.problem.empty())
                    if (const Result<void> kept = m_store.keepText(checked.digest, checked.text); !kept)
                        event.problem = kept.error().text();
                return [this, event] { post(event); };
            });
        });
    });
}

void Keeper::lookAround() {
    const PairSituation now = m_setup.situation();
    if (!now.peerServed) return;
    const bool differs = now.peerRuns != m_setup.running.digest && !m_wanted;
    if (m_core.undecided() || !m_told || differs || !m_core.drift().empty()) post(LookAgain{});
}

} // namespace dyad::daemon
