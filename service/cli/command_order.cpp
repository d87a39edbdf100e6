// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/order_call.h"
#include "cli/order_preview.h"
#include "cli/order_progress.h"
#include "cli/order_question.h"
#include "cli/output.h"
#include "cli/words.h"
#include "control/client/follower.h"
#include "control/protocol/order_table.h"

#include <CLI/CLI.hpp>

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QTimer>

#include <algorithm>
#include <cstdio>
#include <set>

namespace dyad::cli {
namespace {

// Both nodes' streams should be open before the order is given; a node that is down must not hold it up.
constexpr std::chrono::milliseconds waitForStreams{1500};
// A failure counts when it still stands after this: the other node may be about to take over.
constexpr std::chrono::milliseconds failureLasts{2000};

struct OrderWanted {
    model::Order order;
    bool wait = true;
    unsigned timeoutSeconds = 120;
    bool dryRun = false;
    bool yes = false;
    std::string confirmation; // written on the command line
};

// What is told and asked before an order is given. Where nobody sits at the terminal nothing is asked, as it always was
// for scripts: --yes only says so plainly. An order that wants a confirmation in writing wants it from a script, too.
class Before {
public:
    Before(const Arguments& arguments, const OrderWanted& wanted) : m_arguments(arguments), m_wanted(wanted) {}

    // Calls `give`, or ends the program with an exit code.
    void run(control::Client& client, std::function<void()> give) {
        const control::OrderRow& row = control::rowOf(m_wanted.order.kind);
        const bool decision = row.moves || row.asks || row.confirmation != nullptr;
        const std::string words = control::confirmationOf(m_wanted.order);
        const bool somebody = somebodyIsThere() && !m_arguments.json;
        const bool written = !words.empty() && m_wanted.confirmation == words;
        if (!m_wanted.dryRun && !words.empty() && !written && (!somebody || !m_wanted.confirmation.empty()))
            return refuse("this order must be confirmed in writing: --confirm '" + words + "'");
        if (!m_wanted.dryRun && (!decision || m_wanted.yes || written || !somebody)) return give();
        client.preview(m_wanted.order, [this, give, words](const control::Reply<QJsonObject>& reply) {
            if (!reply.ok()) return QCoreApplication::exit(report(reply.failure(), m_arguments.json));
            told(reply.value(), words, give);
        });
    }

private:
    void told(QJsonObject preview, const std::string& words, const std::function<void()>& give) {
        const bool allowed = preview["allowed"].toBool();
        if (m_arguments.json) {
            preview["dry_run"] = m_wanted.dryRun;
            printJson(preview);
        } else {
            print(previewText(preview, Paint::forStandardOutput()));
        }
        if (m_wanted.dryRun) {
            if (!m_arguments.json) print("Nothing was changed.\n");
            return QCoreApplication::exit(allowed ? exit_code::ok : exit_code::failed);
        }
        if (words.empty() ? askYesOrNo("Shall it be done?") : askToWrite(words)) return give();
        complain("not confirmed: nothing was changed");
        QCoreApplication::exit(exit_code::notConfirmed);
    }

    static void refuse(const std::string& why) {
        complain(why);
        QTimer::singleShot(0, [] { QCoreApplication::exit(exit_code::usage); });
    }

    const Arguments& m_arguments;
    const OrderWanted& m_wanted;
};

class Move {
public:
    Move(const Arguments& arguments, const OrderWanted& wanted, const Access& access)
        : m_arguments(arguments), m_wanted(wanted), m_access(access), m_before(arguments, wanted),
          m_paint(Paint::forStandardOutput()), m_client(access.all()) {}

    int run() {
        m_client.fetchState([this](const control::Reply<model::ClusterView>& reply) {
            if (!reply.ok()) return QCoreApplication::exit(report(reply.failure(), m_arguments.json));
            m_before.run(m_client, [this, view = reply.value()] { prepare(view); });
        });
        return QCoreApplication::exec();
    }

private:
    void prepare(const model::ClusterView& view) {
        std::string from;
        std::string to;
        for (const model::GroupView& group : view.groups) {
            if (group.name != m_wanted.order.group) continue;
            from = group.activeNode;
            if (m_wanted.order.kind == model::OrderKind::Switchback)
                to = group.preferredNode;
            else
                for (const model::NodeView& node : view.nodes)
                    if (!from.empty() && node.name != from) to = node.name;
        }
        m_from = from;
        m_to = to;
        m_progress = std::make_unique<OrderProgress>(m_wanted.order.group, from, to);
        if (!m_wanted.wait) return give();
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
        m_client.order(m_wanted.order, [this](const control::Reply<model::OrderAnswer>& reply) {
            if (!reply.ok()) return QCoreApplication::exit(report(reply.failure(), m_arguments.json));
            m_answer = reply.value();
            if (!m_answer->accepted || !m_wanted.wait)
                return QCoreApplication::exit(sayAnswer(*m_answer, m_arguments.json));
            if (!m_arguments.json) {
                print(m_answer->text + "\n");
                for (; m_shown < m_progress->steps().size(); ++m_shown)
                    print(lineOf(m_progress->steps()[m_shown]));
            }
            QTimer::singleShot(std::chrono::seconds(m_wanted.timeoutSeconds), &m_client, [this] { timeIsUp(); });
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
        finish(m_wanted.order.group + " is still under way after " + std::to_string(m_wanted.timeoutSeconds) +
               " s; the order stands. Follow it with: dyad watch");
    }

    void finish(const std::string& trouble) {
        const bool done = m_progress->outcome() == OrderProgress::Outcome::Done;
        if (m_arguments.json) {
            printJson(QJsonObject{{"ok", done},
                                  {"answer", control::toJson(*m_answer)},
                                  {"group", QString::fromStdString(m_wanted.order.group)},
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
                  m_paint.text(Tone::Strong, m_wanted.order.group + " is active on " + m_progress->activeOn()) +
                  " after " + took + ".\n");
        }
        if (!done) complain(trouble);
        QCoreApplication::exit(done ? exit_code::ok : exit_code::failed);
    }

    const Arguments& m_arguments;
    const OrderWanted& m_wanted;
    const Access& m_access;
    Before m_before;
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

int giveOrder(const Arguments& arguments, const OrderWanted& wanted, const Access& access) {
    if (wanted.wait && control::rowOf(wanted.order.kind).moves) return Move(arguments, wanted, access).run();
    control::Client client(access.all());
    Before before(arguments, wanted);
    before.run(client, [&] {
        client.order(wanted.order, [&](const control::Reply<model::OrderAnswer>& reply) {
            QCoreApplication::exit(reply.ok() ? sayAnswer(reply.value(), arguments.json)
                                              : report(reply.failure(), arguments.json));
        });
    });
    return QCoreApplication::exec();
}

const char* subjectPlace(const control::OrderRow& row) {
    switch (row.subject) {
    case control::OrderSubject::Group: return "GROUP";
    case control::OrderSubject::Node: return "NODE";
    case control::OrderSubject::Resource: return "GROUP/RESOURCE";
    }
    return "";
}

void addOne(CLI::App& app, CommandLine& line, const control::OrderRow& row) {
    CLI::App* command = app.add_subcommand(row.command, row.help);
    auto wanted = std::make_shared<OrderWanted>();
    auto onOrOff = std::make_shared<std::string>();
    wanted->order.kind = row.kind;
    if (row.subject == control::OrderSubject::Node)
        command->add_option("NODE", wanted->order.node, "Name of the node")->required();
    else
        command->add_option("GROUP", wanted->order.group, "Name of the group")->required();
    if (row.subject == control::OrderSubject::Resource)
        command->add_option("RESOURCE", wanted->order.resource, "Name of the resource")->required();
    if (row.on)
        command->add_option("on|off", *onOrOff, "on: the node takes nothing over")
            ->required()
            ->check(CLI::IsMember({"on", "off"}));
    if (row.moves) {
        command->add_flag("--no-wait{false}", wanted->wait, "Only give the order, don't follow it to its end");
        command
            ->add_option("--timeout", wanted->timeoutSeconds,
                         "Seconds to follow it at most; the order goes on after that")
            ->capture_default_str()
            ->check(CLI::Range(1u, 86400u));
    }
    if (row.kind == model::OrderKind::ReleaseClaim)
        command->add_option("--key", wanted->order.key, "The holder's key, 16 hexadecimal digits: `dyad keys` shows it")
            ->required();
    command->add_flag("--dry-run", wanted->dryRun, "Only say what would happen, what it costs and what is in its way");
    command->add_flag("--yes,-y", wanted->yes, "Don't ask");
    if (row.confirmation)
        command->add_option("--confirm", wanted->confirmation,
                            "The confirmation in writing: \"" +
                                QString::fromUtf8(row.confirmation).replace("%1", subjectPlace(row)).toStdString() +
                                "\"");
    command->callback([&line, &row, wanted, onOrOff] {
        if (row.on) // two orders stand behind one word
            for (const control::OrderRow& each : control::orderTable())
                if (std::string_view(each.command) == row.command && each.on == (*onOrOff == "on"))
                    wanted->order.kind = each.kind;
        line.run = [&line, wanted] {
            return withService(line.arguments,
                               [&](const Access& access) { return giveOrder(line.arguments, *wanted, access); });
        };
    });
}

} // namespace

void addOrders(CLI::App& app, CommandLine& line) {
    std::set<std::string> there;
    for (const control::OrderRow& row : control::orderTable())
        if (there.insert(row.command).second) addOne(app, line, row);
}

} // namespace dyad::cli
