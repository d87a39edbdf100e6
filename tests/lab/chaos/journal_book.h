// SPDX-License-Identifier: Apache-2.0
// Both hosts' journals, read as they grow (a campaign's journals are too long to be read from the beginning each time),
// and what a campaign wants to know from them.
#pragma once

#include "lab/journal.h"

#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace dyad::lab {

// One host's file; goes on in the new file when the service has set the old one aside.
class JournalFollower {
public:
    explicit JournalFollower(std::string path) : m_path(std::move(path)) {}
    ~JournalFollower();
    JournalFollower(JournalFollower&& other) noexcept;
    JournalFollower& operator=(JournalFollower&&) = delete;
    [[nodiscard]] std::vector<JournalLine> more();

private:
    void readOn(std::vector<JournalLine>& lines);
    std::string m_path;
    std::FILE* m_file = nullptr;
    std::string m_begun; // a line that isn't whole yet
};

struct ReservationWin {
    Instant at;
    std::string host;
    std::string group;
    unsigned epoch = 0;
    bool afterRelease = false; // the loser had let go of it in order,
    Instant released;          // at this time
};

struct BookLine {
    std::string host;
    JournalLine line;
};

class JournalBook {
public:
    JournalBook();
    void read(); // what is new in both

    // The lines since the call of forget(), as they were read.
    [[nodiscard]] const std::vector<BookLine>& recent() const { return m_recent; }
    void forget() { m_recent.clear(); }
    [[nodiscard]] std::size_t count(const std::string& kind, const std::string& group, Instant since,
                                    const std::string& host = {}) const;

    [[nodiscard]] const std::vector<ReservationWin>& wins() const { return m_wins; }
    // Groups that the host's service has given up and that wait for an administrator.
    [[nodiscard]] std::set<std::string> failedGroups(const std::string& host) const;
    [[nodiscard]] std::set<std::string> alarms(const std::string& host) const;
    // Who claims after this may not know the epochs before it: the array forgot every key, and the service is a new
    // one.
    void epochsMayBeginAgain(Instant since) { m_epochsForgotten.push_back(since); }
    // Two wins of one group whose epochs don't rise, told in words. Of the whole campaign.
    [[nodiscard]] std::vector<std::string> contradictions() const;
    [[nodiscard]] std::size_t takeovers() const; // the group changed its host, or came back, without an orderly release
    [[nodiscard]] std::size_t switchovers() const;

private:
    void take(const std::string& host, const JournalLine& line);
    [[nodiscard]] bool nobodyKnowsTheEpochBefore(const ReservationWin& win) const;

    std::map<std::string, JournalFollower> m_followers;
    std::vector<BookLine> m_recent;
    std::vector<ReservationWin> m_wins;
    std::vector<Instant> m_epochsForgotten;
    std::map<std::string, Instant> m_released;             // by group: when somebody last let go of it
    std::map<std::string, std::vector<Instant>> m_starts;  // by host: of its service
    std::map<std::string, std::set<std::string>> m_alarms; // by host
};

} // namespace dyad::lab
