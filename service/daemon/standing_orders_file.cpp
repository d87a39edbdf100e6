// SPDX-License-Identifier: Apache-2.0
#include "daemon/standing_orders_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace dyad::daemon {

namespace {

constexpr std::uintmax_t maxBytes = 64 * 1024;

Error badLine(const std::string& fileName, std::size_t number, const std::string& line) {
    return Error{"read the standing orders", fileName + ":" + std::to_string(number), "\"" + line.substr(0, 80) + "\"",
                 "give the orders (maintenance, disable, freeze) again; the file is written anew then"};
}

bool writeThrough(const std::filesystem::path& file, const std::string& text) {
    const std::string aside = file.string() + ".new";
    const int descriptor = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) return false;
    const bool written =
        ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(descriptor) == 0;
    ::close(descriptor);
    if (!written || ::rename(aside.c_str(), file.c_str()) != 0) return false;
    const int folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return true;
    ::fsync(folder);
    ::close(folder);
    return true;
}

} // namespace

std::string toText(const model::StandingOrders& orders) {
    std::string text = orders.maintenance ? "maintenance\n" : "";
    for (const auto& [name, order] : orders.groups)
        text += "group " + name + " " + std::to_string(order.version) + (order.disabled ? " disabled" : "") +
                (order.frozen ? " frozen" : "") + "\n";
    return text;
}

Result<model::StandingOrders> standingOrdersFrom(const std::string& text, const std::string& fileName) {
    model::StandingOrders orders;
    std::istringstream lines(text);
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        std::istringstream words(line);
        std::string what;
        words >> what;
        if (what == "maintenance") {
            orders.maintenance = true;
            continue;
        }
        std::string name;
        unsigned version = 0;
        if (what != "group" || !(words >> name >> version) || version > 0xffff || orders.groups.size() >= model::maxGroups)
            return badLine(fileName, number, line);
        model::StandingOrder order{.version = static_cast<std::uint16_t>(version)};
        for (std::string word; words >> word;) {
            if (word == "disabled")
                order.disabled = true;
            else if (word == "frozen")
                order.frozen = true;
            else
                return badLine(fileName, number, line);
        }
        orders.groups.emplace_back(name, order);
    }
    return orders;
}

StandingOrdersFile::StandingOrdersFile(std::filesystem::path file)
    : m_file(std::move(file)), m_writer([this] { write(); }) {}

StandingOrdersFile::~StandingOrdersFile() {
    {
        const std::lock_guard lock(m_mutex);
        m_end = true;
    }
    m_wake.notify_one();
    m_writer.join();
}

Result<model::StandingOrders> StandingOrdersFile::load() const {
    std::error_code failed;
    const std::uintmax_t bytes = std::filesystem::file_size(m_file, failed);
    if (failed == std::errc::no_such_file_or_directory) return model::StandingOrders();
    if (failed || bytes > maxBytes)
        return Error{"read the standing orders", m_file.string(),
                     failed ? failed.message() : "it has " + std::to_string(bytes) + " bytes",
                     "remove the file and give the orders (maintenance, disable, freeze) again"};
    std::ifstream stream(m_file);
    std::ostringstream text;
    text << stream.rdbuf();
    return standingOrdersFrom(text.str(), m_file.string());
}

void StandingOrdersFile::save(const model::StandingOrders& orders) {
    {
        const std::lock_guard lock(m_mutex);
        m_next = orders;
    }
    m_wake.notify_one();
}

void StandingOrdersFile::write() {
    std::unique_lock lock(m_mutex);
    for (;;) {
        m_wake.wait(lock, [this] { return m_next || m_end; });
        if (!m_next) return;
        const std::string text = toText(*m_next);
        m_next.reset();
        lock.unlock();
        if (!writeThrough(m_file, text))
            std::fprintf(stderr, "dyadd: the standing orders could not be written to %s: %s; a reboot forgets them\n",
                         m_file.c_str(), std::strerror(errno));
        lock.lock();
    }
}

} // namespace dyad::daemon
