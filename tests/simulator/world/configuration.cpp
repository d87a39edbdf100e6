// SPDX-License-Identifier: Apache-2.0
#include "world/configuration.h"

namespace dyad::simulator {

namespace {

model::ResourceSetup resource(std::string name, model::ResourceSettings settings, const char* type) {
    model::ResourceSetup setup;
    setup.name = std::move(name);
    setup.type = type;
    setup.settings = std::move(settings);
    setup.startTimeout = startTimeout;
    setup.stopTimeout = stopTimeout;
    setup.ladder.backoff = restartBackoff;
    return setup;
}

} // namespace

model::Configuration configurationOf(const Options& options) {
    model::Configuration configuration;
    configuration.clusterName = "pair";
    configuration.clusterId = 0x5d2a;
    configuration.digest = 1;
    configuration.profile = static_cast<model::Profile>(options.profile);
    configuration.nodes[0].name = "alpha";
    configuration.nodes[1].name = "beta";
    constexpr const char* linkNames[] = {"private", "public", "third", "fourth"};
    for (unsigned i = 0; i < options.links; ++i)
        configuration.links.push_back({linkNames[i], {{""}, {""}}});
    if (options.gateways > 0) configuration.gateways.emplace_back("10.77.0.254");
    constexpr const char* groupNames[] = {"erp", "crm", "wiki", "mail"};
    for (unsigned g = 0; g < options.groups; ++g) {
        model::GroupSetup group;
        group.name = groupNames[g];
        group.prefer = (options.preferSecond >> g) & 1 ? model::NodeId::Second : model::NodeId::First;
        group.failback = static_cast<model::Failback>(options.failback);
        model::ResourceSetup database = resource("db", model::ProcessSettings{}, "process");
        for (unsigned i = 0; i < options.lunsPerGroup; ++i) {
            const model::LunId lun(static_cast<std::uint32_t>(configuration.luns.size()));
            configuration.luns.emplace_back();
            configuration.luns.back().name = group.name + std::to_string(i);
            group.luns.push_back(lun);
            database.after.emplace_back(i);
            model::FilesystemSettings filesystem;
            filesystem.lun = lun;
            group.resources.push_back(resource("data" + std::to_string(i), filesystem, "filesystem"));
        }
        group.resources.push_back(std::move(database));
        group.resources.push_back(resource("ip", model::AddressSettings{}, "address"));
        configuration.groups.push_back(std::move(group));
    }
    return configuration;
}

} // namespace dyad::simulator
