// SPDX-License-Identifier: Apache-2.0
// The standing orders on disk: what a reboot must not forget. One line each, replaced as a whole.
#pragma once

#include "base/result.h"
#include "ports/outside.h"

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

namespace dyad::daemon {

// Lines `maintenance` and `group NAME VERSION [disabled] [frozen]`. Error: names the line; nothing of it is believed.
[[nodiscard]] Result<model::StandingOrders> standingOrdersFrom(const std::string& text, const std::string& fileName);
[[nodiscard]] std::string toText(const model::StandingOrders& orders);

// save() never waits for the disk: a thread of its own writes, and of several waiting only the last.
class StandingOrdersFile final : public ports::StandingOrdersPort {
public:
    explicit StandingOrdersFile(std::filesystem::path file);
    ~StandingOrdersFile() override; // what was last given is on disk, or the disk refused it
    StandingOrdersFile(const StandingOrdersFile&) = delete;
    StandingOrdersFile& operator=(const StandingOrdersFile&) = delete;

    // Reads a small local file; none of them: nothing was ever ordered.
    [[nodiscard]] Result<model::StandingOrders> load() const;
    [[nodiscard]] model::StandingOrders kept() const override { return m_kept; }
    void setKept(model::StandingOrders orders) { m_kept = std::move(orders); }
    void save(const model::StandingOrders& orders) override;

private:
    void write();

    const std::filesystem::path m_file;
    model::StandingOrders m_kept; // as found at the start
    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::optional<model::StandingOrders> m_next;
    bool m_end = false;
    std::thread m_writer;
};

} // namespace dyad::daemon
