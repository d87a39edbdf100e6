// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/journal_line.h"
#include "cli/output.h"
#include "control/client/follower.h"

#include <CLI/CLI.hpp>

#include <QCoreApplication>

namespace dyad::cli {
namespace {

constexpr std::size_t pageSize = 500;

struct EventsWanted {
    bool follow = false;
    std::optional<std::uint64_t> after;
    unsigned last = 50;
};

class Events {
public:
    Events(const Arguments& arguments, const EventsWanted& wanted, const Access& access)
        : m_arguments(arguments), m_wanted(wanted), m_access(access), m_paint(Paint::forStandardOutput()),
          m_client(access.all()) {}

    int run() {
        // The first page, of one entry at most, tells where the journal ends.
        m_client.fetchJournal(m_wanted.after.value_or(0), m_wanted.after ? pageSize : 1,
                              [this](const control::Reply<control::JournalPage>& reply) {
                                  if (!reply.ok())
                                      return QCoreApplication::exit(report(reply.failure(), m_arguments.json));
                                  if (m_wanted.after) return take(reply.value());
                                  const std::uint64_t last = reply.value().lastSequence;
                                  m_after = last > m_wanted.last ? last - m_wanted.last : 0;
                                  next();
                              });
        return QCoreApplication::exec();
    }

private:
    void next() {
        m_client.fetchJournal(m_after, pageSize, [this](const control::Reply<control::JournalPage>& reply) {
            if (!reply.ok()) return QCoreApplication::exit(report(reply.failure(), m_arguments.json));
            take(reply.value());
        });
    }

    void take(const control::JournalPage& page) {
        for (const model::JournalEntry& entry : page.entries)
            show(entry);
        if (!page.entries.empty() && m_after < page.lastSequence) return next();
        if (m_wanted.follow) return follow();
        if (m_shown == 0 && !m_arguments.json) complain("the journal has no such entries");
        QCoreApplication::exit(exit_code::ok);
    }

    void follow() {
        // A journal belongs to one node: whoever follows it stays there.
        m_follower = std::make_unique<control::Follower>(
            control::FollowerSettings{.service = m_access.only(m_access.nodeOf(m_client.current()))});
        QObject::connect(m_follower.get(), &control::Follower::entryReceived, &m_client,
                         [this](const model::JournalEntry& entry) { show(entry); });
        QObject::connect(m_follower.get(), &control::Follower::gapReceived, &m_client, [](quint64 from, quint64 to) {
            complain("the entries " + std::to_string(from) + " to " + std::to_string(to) +
                     " are no longer in the journal");
        });
        QObject::connect(m_follower.get(), &control::Follower::lost, &m_client,
                         [this](const control::Failure& failure) {
                             if (!m_lost) complain(failure.error.text() + ". Trying again");
                             m_lost = true;
                         });
        QObject::connect(m_follower.get(), &control::Follower::connected, &m_client, [this] {
            if (m_lost) complain("the service answers again");
            m_lost = false;
        });
        QObject::connect(
            m_follower.get(), &control::Follower::gaveUp, &m_client,
            [this](const control::Failure& failure) { QCoreApplication::exit(report(failure, m_arguments.json)); });
        m_follower->start(m_after);
    }

    void show(const model::JournalEntry& entry) {
        m_after = entry.sequence;
        ++m_shown;
        if (m_arguments.json)
            printJson(control::toJson(entry));
        else
            print(journalLine(entry, m_paint, true) + "\n");
    }

    const Arguments& m_arguments;
    const EventsWanted& m_wanted;
    const Access& m_access;
    Paint m_paint;
    control::Client m_client;
    std::unique_ptr<control::Follower> m_follower;
    std::uint64_t m_after = 0;
    std::uint64_t m_shown = 0;
    bool m_lost = false;
};

} // namespace

void addEvents(CLI::App& app, CommandLine& line) {
    CLI::App* command = app.add_subcommand("events", "What has happened, as the journal tells it");
    auto wanted = std::make_shared<EventsWanted>();
    command->add_flag("--follow,-f", wanted->follow, "Go on with what happens from now on");
    command->add_option("--after", wanted->after, "Everything after the entry with this sequence (0: all)");
    command->add_option("--last,-n", wanted->last, "So many of the newest entries")->capture_default_str();
    command->callback([&line, wanted] {
        line.run = [&line, wanted] {
            return withService(line.arguments,
                               [&](const Access& access) { return Events(line.arguments, *wanted, access).run(); });
        };
    });
}

} // namespace dyad::cli
