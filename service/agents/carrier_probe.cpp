// SPDX-License-Identifier: Apache-2.0
#include "agents/carrier_probe.h"

#include <filesystem>
#include <fstream>
#include <utility>

namespace dyad::agents {

using Verdict = ProbeResult::Verdict;

CarrierProbeRunner::CarrierProbeRunner(model::CarrierProbe settings, std::string folder)
    : m_settings(std::move(settings)), m_folder(std::move(folder)), m_soon([this] {
          const Done done = std::exchange(m_done, nullptr);
          done(look());
      }) {}

void CarrierProbeRunner::run(Duration /*timeout*/, Done done) {
    m_done = std::move(done);
    m_soon.start(Duration(0));
}

ProbeResult CarrierProbeRunner::look() const {
    const std::string& name = m_settings.interface;
    std::error_code failed;
    if (!std::filesystem::is_directory(m_folder, failed)) return {Verdict::CouldNotRun, m_folder + " can't be read"};
    if (!std::filesystem::is_directory(m_folder + "/" + name, failed))
        return {Verdict::Failed, "there is no interface " + name};
    std::ifstream file(m_folder + "/" + name + "/carrier");
    int carrier = 0;
    // Of an interface that is down the kernel says nothing (EINVAL).
    if (!(file >> carrier)) return {Verdict::Failed, name + " is down"};
    return carrier == 1 ? ProbeResult{Verdict::Well, name + " has a carrier"}
                        : ProbeResult{Verdict::Failed, name + " has no carrier"};
}

} // namespace dyad::agents
