// SPDX-License-Identifier: Apache-2.0
#include "daemon/truth/look.h"

#include "agents/process_settings.h"
#include "config/digest.h"
#include "network/wire_look.h"
#include "platform/linux/process_identity.h"
#include "storage/filesystem/mount_table.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace dyad::daemon {

namespace {

constexpr std::size_t maxFileBytes = 1024 * 1024;

std::string digestOfFile(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) return {};
    std::string text(std::istreambuf_iterator<char>(stream), {});
    if (text.empty() || text.size() > maxFileBytes) return {};
    return model::hexadecimal(config::digestOf(text));
}

// "/dev/loop3" → what it shows; empty: no loop device, or nothing is attached.
std::string backingFileOf(const std::string& source) {
    constexpr std::string_view head = "/dev/loop";
    if (!source.starts_with(head)) return {};
    std::ifstream stream("/sys/block/loop" + source.substr(head.size()) + "/loop/backing_file");
    std::string line;
    std::getline(stream, line);
    return line;
}

void lookAtMounts(const LookSettings& settings, model::NodeTruth& truth) {
    const std::vector<storage::MountedFilesystem> table = storage::readMountTable();
    for (model::TruthMount& mount : truth.mounts) {
        const auto found = std::find_if(table.rbegin(), table.rend(),
                                        [&](const auto& each) { return each.mountPoint == mount.mountPoint; });
        mount.mounted = found != table.rend();
        if (!mount.mounted) continue;
        mount.source = found->source;
        mount.type = found->type;
    }
    // Whoever mounts a LUN by hand makes another loop device of the same file.
    for (const storage::MountedFilesystem& each : table) {
        const std::string backing = backingFileOf(each.source);
        for (model::TruthLun& lun : truth.luns)
            if (!backing.empty() && backing.ends_with(settings.runDirectory + "/lun/" + lun.name + "/export/lun"))
                lun.mountedAt.push_back(each.mountPoint);
    }
}

void lookAtAddresses(model::NodeTruth& truth) {
    const auto interfaces = network::listInterfaces();
    const auto assigned = network::listAddresses();
    if (!interfaces || !assigned) {
        truth.trouble.push_back((!interfaces ? interfaces.error() : assigned.error()).text());
        return;
    }
    std::vector<network::WireLook> looks;
    std::vector<std::size_t> of; // index into truth.addresses
    for (std::size_t i = 0; i < truth.addresses.size(); ++i) {
        model::TruthAddress& address = truth.addresses[i];
        const auto parsed = network::parseIpAddress(address.address);
        if (!parsed) continue;
        for (const network::AssignedAddress& each : assigned.value())
            if (each.address == parsed.value())
                for (const network::Interface& interface : interfaces.value())
                    if (interface.index == each.interface) address.interface = interface.name;
        const auto place = network::findPlace(parsed.value(), 0, address.wireInterface);
        if (!place) {
            address.trouble = place.error().text();
            continue;
        }
        network::WireLook look;
        look.interface = place.value().interface;
        look.address = parsed.value();
        look.heldHere = !address.interface.empty();
        for (const network::AssignedAddress& each : assigned.value())
            if (each.interface == look.interface.index && each.address != parsed.value() &&
                !look.source && each.address.sameSubnet(parsed.value(), each.prefixLength))
                look.source = each.address;
        address.wireInterface = look.interface.name;
        address.ownHardware = network::toText(look.interface.hardware);
        looks.push_back(std::move(look));
        of.push_back(i);
    }
    network::lookAtWire(looks);
    for (std::size_t i = 0; i < looks.size(); ++i) {
        model::TruthAddress& address = truth.addresses[of[i]];
        for (const network::HardwareAddress& each : looks[i].answers)
            address.answers.push_back(network::toText(each));
        if (looks[i].neighbour) address.neighbour = network::toText(*looks[i].neighbour);
        for (const network::WireSender& each : looks[i].sendsHere)
            address.sendsHere.push_back(each.address.text() + " (" + network::toText(each.hardware) + ")");
        if (!looks[i].trouble.empty()) address.trouble = looks[i].trouble;
    }
}

void lookAtProcesses(const LookSettings& settings, model::NodeTruth& truth) {
    const agents::Places places{settings.runDirectory, ""};
    for (model::TruthProcess& process : truth.processes) {
        const auto identity = platform::readIdentity(places.record(process.group, process.resource));
        if (!identity) continue;
        process.pid = identity.value().pid;
        process.alive = platform::openProcess(identity.value()).ok();
    }
}

} // namespace

model::NodeTruth look(const LookSettings& settings, model::NodeTruth truth) {
    truth.fileDigest = digestOfFile(settings.configurationFile);
    lookAtMounts(settings, truth);
    lookAtProcesses(settings, truth);
    lookAtAddresses(truth);
    return truth;
}

} // namespace dyad::daemon
