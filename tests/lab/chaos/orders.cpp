// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/orders.h"

#include "lab/host.h"
#include "lab/pair.h"

#include <utility>

namespace dyad::lab {

namespace {
constexpr Duration answerPatience = 12s; // orders to the peer are given up after 10 s
constexpr std::size_t maxAnswers = 1000;
} // namespace

OrderDesk::~OrderDesk() { waitForAnswers(); }

void OrderDesk::give(const std::string& host, const std::vector<std::string>& words) {
    m_threads.emplace_back([this, host, words] {
        const auto answer = dyadOn(host, words, answerPatience);
        std::string line = host + ": dyad";
        for (const auto& word : words)
            line += " " + word;
        std::string text = answer ? answer.value() : answer.error().cameBack;
        while (!text.empty() && text.back() == '\n')
            text.pop_back();
        note(line + ": " + text);
    });
}

void OrderDesk::note(const std::string& line) {
    const std::lock_guard lock(m_mutex);
    if (m_answers.size() < maxAnswers) m_answers.push_back(line);
}

void OrderDesk::runProgram(const std::string& host, const std::vector<std::string>& command, Duration deadline) {
    m_threads.emplace_back([this, host, command, deadline] {
        const auto output = runInHost(host, command, {.deadline = deadline});
        if (!output) note(host + ": " + output.error().text());
    });
}

std::vector<std::string> OrderDesk::answers() {
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_answers, {});
}

void OrderDesk::waitForAnswers() {
    for (auto& thread : m_threads)
        thread.join();
    m_threads.clear();
}

} // namespace dyad::lab
