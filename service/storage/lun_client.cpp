// SPDX-License-Identifier: Apache-2.0
#include "storage/lun_client.h"

#include "platform/linux/system_error.h"

#include <cerrno>
#include <unistd.h>

namespace dyad::storage {
namespace {

// The characters that an iqn may have (RFC 3722, simplified).
std::string forIqn(const std::string& name) {
    std::string word;
    for (const char each : name) {
        const bool plain = (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') || each == '-' || each == '.';
        if (plain)
            word += each;
        else if (each >= 'A' && each <= 'Z')
            word += static_cast<char>(each - 'A' + 'a');
        else
            word += '-';
    }
    return word;
}

std::vector<std::string> optionsOf(const model::LunSetup& lun, const LunClientSetup& setup,
                                   const std::string& directory) {
    const std::string& cluster = setup.configuration.clusterName;
    const std::string& node = setup.configuration.nodes[model::indexOf(setup.node)].name;
    const std::uint64_t qualifier = lunSettingsDigest({cluster, node, lun.name}) & 0xffffff;
    std::vector<std::string> options{"--name",      lun.name,
                                     "--dir",       directory,
                                     "--initiator", "iqn.2026-11.org.dyad:" + forIqn(cluster) + ":" + forIqn(node),
                                     "--isid",      std::to_string(qualifier),
                                     "--portal",    lun.portal,
                                     "--target",    lun.target,
                                     "--lun",       std::to_string(lun.lun)};
    if (!lun.chapUser.empty())
        options.insert(options.end(), {"--chap-user", lun.chapUser, "--chap-secret-file", lun.chapSecretFile});
    options.insert(options.end(), setup.extraOptions.begin(), setup.extraOptions.end());
    return options;
}

} // namespace

LunClient::LunClient(LunClientSetup setup) : m_setup(std::move(setup)) {
    const std::vector<model::LunSetup>& luns = m_setup.configuration.luns;
    for (std::size_t i = 0; i < luns.size(); ++i) {
        const std::string directory = m_setup.runDirectory + "/lun/" + luns[i].name;
        m_luns.push_back(std::make_unique<LunProcess>(LunProcessSettings{model::LunId(static_cast<std::uint32_t>(i)),
                                                                         luns[i].name, directory, m_setup.program,
                                                                         optionsOf(luns[i], m_setup, directory)}));
        m_luns.back()->onAnswer = [this](const model::ReservationAnswer& answer) {
            if (onAnswer) onAnswer(answer);
        };
        m_luns.back()->onNotice = [this](const model::LunNotice& notice) {
            if (onNotice) onNotice(notice);
        };
    }
}

LunClient::~LunClient() = default;

Result<void> LunClient::start() {
    if (!m_luns.empty() && ::access(m_setup.program.c_str(), X_OK) != 0)
        return platform::systemError("start the LUN's process", m_setup.program, errno,
                                     "Install Dyad's programs in one folder.");
    for (const auto& each : m_luns)
        each->begin();
    return {};
}

void LunClient::send(const model::ReservationRequest& request) {
    DYAD_CHECK(request.lun.value < m_luns.size(), "a request for a LUN that the configuration does not have");
    m_luns[request.lun.value]->send(request);
}
void LunClient::closeGate(model::LunId lun) { m_luns.at(lun.value)->closeGate(); }

ports::LunState LunClient::state(model::LunId lun) const {
    const LunState& state = m_luns.at(lun.value)->state();
    return {state.pathUp, state.gateOpen, state.detail};
}

std::string LunClient::exportFile(model::LunId lun) const {
    return m_luns.at(lun.value)->settings().directory + "/export/lun";
}
std::string LunClient::loopRecord(model::LunId lun) const {
    return m_luns.at(lun.value)->settings().directory + "/loop";
}
const LunState& LunClient::details(model::LunId lun) const { return m_luns.at(lun.value)->state(); }
void LunClient::killServer(model::LunId lun) { m_luns.at(lun.value)->kill(); }
void LunClient::quit() {
    for (const auto& each : m_luns)
        each->quit();
}

} // namespace dyad::storage
