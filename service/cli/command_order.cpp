// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/journal_line.h"
#include "cli/order_progress.h"
#include "cli/output.h"
#include "cli/words.h"
#include "control/client/follower.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QTimer>

#include <algorithm>
#include <cstdio>

namespace dyad::cli {
namespace {

// Both nodes' streams should be open before the order is given; a node that is down must not hold it up.
constexpr std::chrono::milliseconds waitForStreams{1500};
// A failure counts when it still stands after this: the other node may be about to take over.
constexpr std::chrono::milliseconds failureLasts{2000};

model::Order orderFrom(const Arguments& arguments) {
    switch (arguments.command) {
    case Command::Switchback: return {model::OrderKind::Switchback, arguments.group, "", ""};
    case Command::ClearFailure: return {model::OrderKind::ClearFailure, arguments.group, "", ""};
    case Command::Maintenance:
        return {arguments.on ? model::OrderKind::MaintenanceOn : model::OrderKind::MaintenanceOff, "", arguments.node,
                ""};
    default: return {model::OrderKind::Switchover, arguments.group, "", ""};
    }
}

int sayAnswer(const model::OrderAnswer& answer, bool json) {
    if (json)
        printJson(control::toJson(answer));
    else if (answer.accepted)
        print(answer.text + "\n");
    else
        complain("refused: " + answer.text);
    return answer.accepted ? exit_code::ok : exit_code::failed;
}

class Move {
public:
    Move(const Arguments& arguments, const Access& access)
        : m_arguments(arguments), m_access(access), m_paint(Paint::forStandardOutput()), m_client(access.all()) {}

    int run() {
        m_client.fetchState([this](const control::Reply<model::ClusterView>& reply) {
            if (!reply.ok()) return QCoreApplication::exit(report(reply.failure(), m_arguments.json));
            prepare(reply.value());
        });
        return QCoreApplication::exec();
    }

private:
    void prepare(const model::ClusterView& view) {
        std::string from;
        std::string to;
        for (const model::GroupView& group : view.groups) {
            if (group.name != m_arguments.group) continue;
            from = group.activeNode;
            if (m_arguments.command == Command::Switchback)
                to = group.preferredNode;
            else
                for (const model::NodeView& node : view.nodes)
                    if (!from.empty() && node.name != from) to = node.name;
        }
        m_from = from;
        m_to = to;
        m_progress = std::make_unique<OrderProgress>(m_arguments.group, from, to);
        if (!m_arguments.wait) return give();
        for (const NodeAccess& node : m_access.nodes)
            openStream(node);
        QTimer::singleShot(waitForStreams, &m_client, [this] { give(); });
    }

    void openStream(const NodeAccess& node) {
        m_streams.push_back(std::make_unique<Stream>(control::FollowerSettings{.service = m_access.only(node)}));
        Stream* stream = m_streams.back().get();
        using control::Follower;
        QObject::connect(&stream->follower, &Follower::viewReceived, &m_client,
                         [this, stream](const model::ClusterView& view) {
                             stream->node = view.node;
                             ready(*stream);
                             if (!m_given || !first(*stream)) return;
                             m_progress->take(view);
                             finishIfOver();
                         });
        QObject::connect(&stream->follower, &Follower::entryReceived, &m_client,
                         [this, stream](const model::JournalEntry& entry) {
                             if (!m_given || !first(*stream)) return;
                             if (m_progress->take(sinceOrder(), stream->node, entry) && !m_arguments.json) showStep();
                         });
        QObject::connect(&stream->follower, &Follower::lost, &m_client, [this, stream] { ready(*stream); });
        QObject::connect(&stream->follower, &Follower::gaveUp, &m_client, [this, stream] { ready(*stream); });
        stream->follower.start(std::nullopt);
    }

    struct Stream {
        explicit Stream(control::FollowerSettings settings) : follower(std::move(settings)) {}
        control::Follower follower;
        std::string node;
        bool ready = false; // it tells, or it can't be had
    };

    // Two URLs may lead to the same node; its story is told once.
    [[nodiscard]] bool first(const Stream& stream) const {
        for (const auto& each : m_streams)
            if (each->node == stream.node) return each.get() == &stream;
        return false;
    }

    void ready(Stream& stream) {
        stream.ready = true;
        if (std::all_of(m_streams.begin(), m_streams.end(), [](const auto& each) { return each->ready; })) give();
    }

    void give() {
        if (m_given) return;
        m_given = true;
        m_clock.start();
        m_client.order(orderFrom(m_arguments), [this](const control::Reply<model::OrderAnswer>& reply) {
            if (!reply.ok()) return QCoreApplication::exit(report(reply.failure(), m_arguments.json));
            m_answer = reply.value();
            if (!m_answer->accepted || !m_arguments.wait)
                return QCoreApplication::exit(sayAnswer(*m_answer, m_arguments.json));
            if (!m_arguments.json) {
                print(m_answer->text + "\n");
                for (; m_shown < m_progress->steps().size(); ++m_shown)
                    print(lineOf(m_progress->steps()[m_shown]));
            }
            QTimer::singleShot(std::chrono::seconds(m_arguments.timeoutSeconds), &m_client, [this] { timeIsUp(); });
            finishIfOver();
        });
    }

    [[nodiscard]] double sinceOrder() const { return static_cast<double>(m_clock.nsecsElapsed()) / 1e6; }

    void showStep() { // steps may come before the answer; the answer is told first
        if (!m_answer) return;
        for (; m_shown < m_progress->steps().size(); ++m_shown)
            print(lineOf(m_progress->steps()[m_shown]));
    }

    [[nodiscard]] std::string lineOf(const OrderProgress::Step& step) const {
        char at[32];
        std::snprintf(at, sizeof at, "%8.0f ms", step.atMs);
        Tone tone = Tone::Plain;
        if (step.entry.severity == model::Severity::Warning) tone = Tone::Warning;
        if (step.entry.severity == model::Severity::Critical) tone = Tone::Bad;
        const std::string subject = step.entry.resource.empty() ? "" : step.entry.resource + ": ";
        return m_paint.text(Tone::Faint, at) + "  " + step.node + "  " + m_paint.text(tone, subject + step.entry.text) +
               "\n";
    }

    void finishIfOver() {
        if (!m_answer || m_finished || m_progress->outcome() == OrderProgress::Outcome::UnderWay) return;
        if (m_progress->outcome() == OrderProgress::Outcome::Failed) {
            QTimer::singleShot(failureLasts, &m_client, [this] { finishIfFailed(); });
            return;
        }
        // The last lines of the journal and the view that ends it travel apart: let what is on its way arrive.
        m_finished = true;
        m_tookMs = sinceOrder();
        QTimer::singleShot(std::chrono::milliseconds(100), &m_client, [this] { finish(""); });
    }

    void finishIfFailed() {
        if (m_finished || m_progress->outcome() != OrderProgress::Outcome::Failed) return;
        m_finished = true;
        m_tookMs = sinceOrder();
        finish(m_progress->trouble());
    }

    void timeIsUp() {
        if (m_finished) return;
        m_finished = true;
        m_tookMs = sinceOrder();
        finish(m_arguments.group + " is still under way after " + std::to_string(m_arguments.timeoutSeconds) +
               " s; the order stands. Follow it with: dyad watch");
    }

    void finish(const std::string& trouble) {
        const bool done = m_progress->outcome() == OrderProgress::Outcome::Done;
        if (m_arguments.json) {
            printJson(QJsonObject{{"ok", done},
                                  {"answer", control::toJson(*m_answer)},
                                  {"group", QString::fromStdString(m_arguments.group)},
                                  {"from", QString::fromStdString(m_from)},
                                  {"to", QString::fromStdString(m_to)},
                                  {"active_node", QString::fromStdString(m_progress->activeOn())},
                                  {"took_ms", m_tookMs},
                                  {"trouble", QString::fromStdString(trouble)},
                                  {"steps", toJson(m_progress->steps())}});
        } else if (done) {
            char took[32];
            std::snprintf(took, sizeof took, "%.0f ms", m_tookMs);
            print(m_paint.symbol(Tone::Good) + " " +
                  m_paint.text(Tone::Strong, m_arguments.group + " is active on " + m_progress->activeOn()) +
                  " after " + took + ".\n");
        }
        if (!done) complain(trouble);
        QCoreApplication::exit(done ? exit_code::ok : exit_code::failed);
    }

    const Arguments& m_arguments;
    const Access& m_access;
    Paint m_paint;
    control::Client m_client;
    std::vector<std::unique_ptr<Stream>> m_streams;
    std::unique_ptr<OrderProgress> m_progress;
    std::optional<model::OrderAnswer> m_answer;
    std::string m_from;
    std::string m_to;
    QElapsedTimer m_clock;
    std::size_t m_shown = 0;
    double m_tookMs = 0;
    bool m_given = false;
    bool m_finished = false;
};

} // namespace

int move(const Arguments& arguments, const Access& access) { return Move(arguments, access).run(); }

int giveOrder(const Arguments& arguments, const Access& access) {
    control::Client client(access.all());
    client.order(orderFrom(arguments), [&](const control::Reply<model::OrderAnswer>& reply) {
        QCoreApplication::exit(reply.ok() ? sayAnswer(reply.value(), arguments.json)
                                          : report(reply.failure(), arguments.json));
    });
    return QCoreApplication::exec();
}

} // namespace dyad::cli
