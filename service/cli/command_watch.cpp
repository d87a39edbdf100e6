// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/journal_line.h"
#include "cli/output.h"
#include "cli/status_screen.h"
#include "cli/terminal.h"
#include "cli/words.h"
#include "control/client/follower.h"

#include <CLI/CLI.hpp>

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QTimer>

#include <algorithm>
#include <deque>

namespace dyad::cli {
namespace {

constexpr std::size_t keptEntries = 50;
constexpr std::chrono::milliseconds leastBetweenDrawings{50};

class Watch {
public:
    Watch(const Arguments& arguments, const Access& access)
        : m_arguments(arguments), m_paint(Paint::forStandardOutput()),
          m_follower(control::FollowerSettings{.service = access.all()}) {}

    int run() {
        using control::Follower;
        QObject::connect(&m_follower, &Follower::viewReceived, &m_follower, [this](const model::ClusterView& view) {
            m_view = view;
            m_viewAge.start();
            m_trouble.clear();
            if (m_arguments.json) printJson(control::toJson(view));
            changed();
        });
        QObject::connect(&m_follower, &Follower::entryReceived, &m_follower, [this](const model::JournalEntry& entry) {
            m_entries.push_back(entry);
            if (m_entries.size() > keptEntries) m_entries.pop_front();
            changed();
        });
        QObject::connect(&m_follower, &Follower::lost, &m_follower, [this](const control::Failure& failure) {
            m_trouble = failure.error.text();
            changed();
        });
        QObject::connect(&m_follower, &Follower::gaveUp, &m_follower, [this](const control::Failure& failure) {
            m_terminal.reset(); // first the screen back, then the complaint
            QCoreApplication::exit(report(failure, m_arguments.json));
        });
        if (!m_arguments.json) openTerminal();
        m_follower.start(std::nullopt);
        return QCoreApplication::exec();
    }

private:
    void openTerminal() {
        m_terminal = std::make_unique<Terminal>();
        m_terminal->onKey = [](char key) {
            if (key == 'q' || key == 'Q') QCoreApplication::exit(exit_code::ok);
        };
        m_terminal->onResize = [this] { changed(); };
        m_terminal->onEnd = [] { QCoreApplication::exit(exit_code::ok); };
        m_draw.setSingleShot(true);
        QObject::connect(&m_draw, &QTimer::timeout, &m_follower, [this] { draw(); });
        QObject::connect(&m_everySecond, &QTimer::timeout, &m_follower, [this] { changed(); });
        m_everySecond.start(std::chrono::seconds(1)); // how old the picture is must not stand still
        changed();
    }

    void changed() {
        if (m_terminal && !m_draw.isActive()) m_draw.start(leastBetweenDrawings);
    }

    void draw() {
        if (!m_terminal) return;
        const int rows = Terminal::size().rows;
        std::string text;
        if (!m_trouble.empty())
            text += m_paint.symbol(Tone::Bad) + " " + m_paint.text(Tone::Bad, "NO ANSWER:") + " " + m_trouble + "\n" +
                    (m_view ? "  What follows is " + age(std::chrono::milliseconds(m_viewAge.elapsed())) + " old.\n\n"
                            : "");
        if (m_view)
            text += statusScreen(*m_view, m_paint);
        else if (m_trouble.empty())
            text += "Asking for the state ...\n";

        // Newest entries in what room is left; the last row says how to get out.
        const auto used = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
        const int room = rows - used - 3;
        if (room > 0 && !m_entries.empty()) {
            text += "\n" + m_paint.text(Tone::Strong, "EVENTS") + "\n";
            const std::size_t shown = std::min(m_entries.size(), static_cast<std::size_t>(room));
            for (std::size_t i = m_entries.size() - shown; i < m_entries.size(); ++i)
                text += "  " + journalLine(m_entries[i], m_paint, false) + "\n";
        }
        const auto lines = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
        if (lines < rows)
            text += std::string(static_cast<std::size_t>(rows - 1 - lines), '\n');
        else
            text = firstLines(text, rows - 1);
        const std::string more = lines >= rows ? "the screen is too small for all of it; " : "";
        text += m_paint.text(Tone::Faint, more + "q quits");
        m_terminal->draw(text);
    }

    static std::string firstLines(const std::string& text, int count) {
        std::size_t end = 0;
        for (int i = 0; i < count; ++i)
            end = text.find('\n', end) + 1;
        return text.substr(0, end);
    }

    const Arguments& m_arguments;
    Paint m_paint;
    control::Follower m_follower;
    std::unique_ptr<Terminal> m_terminal;
    std::optional<model::ClusterView> m_view;
    QElapsedTimer m_viewAge;
    std::deque<model::JournalEntry> m_entries;
    std::string m_trouble;
    QTimer m_draw;
    QTimer m_everySecond;
};

int watch(const Arguments& arguments, const Access& access) {
    if (!arguments.json && !Terminal::available()) {
        complain("watch needs a terminal. Use `dyad status`, `dyad events --follow` or `dyad watch --json`");
        return exit_code::usage;
    }
    return Watch(arguments, access).run();
}

} // namespace

void addWatch(CLI::App& app, CommandLine& line) {
    app.add_subcommand("watch", "The same screen, live (q quits)")->callback([&line] {
        line.run = [&line] {
            return withService(line.arguments, [&](const Access& access) { return watch(line.arguments, access); });
        };
    });
}

} // namespace dyad::cli
