// SPDX-License-Identifier: Apache-2.0
#include "agents/unit_look.h"

#include <memory>

#include "base/errno_text.h"

namespace dyad::agents {

namespace {

// The value at the reading place, a variant: into `into` where it is a text, over it where it is anything else.
int readText(sd_bus_message* message, std::string& into) {
    const char* contents = nullptr;
    if (const int kind = sd_bus_message_peek_type(message, nullptr, &contents); kind < 0) return kind;
    if (contents == nullptr || std::string(contents) != "s") return sd_bus_message_skip(message, "v");
    const char* text = nullptr;
    const int result = sd_bus_message_read(message, "v", "s", &text);
    if (result >= 0 && text != nullptr) into = text;
    return result;
}

int readNumber(sd_bus_message* message, std::int32_t& into) {
    const char* contents = nullptr;
    if (const int kind = sd_bus_message_peek_type(message, nullptr, &contents); kind < 0) return kind;
    if (contents == nullptr || std::string(contents) != "i") return sd_bus_message_skip(message, "v");
    return sd_bus_message_read(message, "v", "i", &into);
}

// LoadError: the error's name and its text.
int readLoadError(sd_bus_message* message, std::string& into) {
    const char* contents = nullptr;
    if (const int kind = sd_bus_message_peek_type(message, nullptr, &contents); kind < 0) return kind;
    if (contents == nullptr || std::string(contents) != "(ss)") return sd_bus_message_skip(message, "v");
    const char* name = nullptr;
    const char* text = nullptr;
    const int result = sd_bus_message_read(message, "v", "(ss)", &name, &text);
    if (result >= 0 && text != nullptr) into = text;
    return result;
}

int readProperty(sd_bus_message* message, const std::string& name, model::UnitFacts& facts) {
    if (name == "LoadState") return readText(message, facts.load);
    if (name == "ActiveState") return readText(message, facts.active);
    if (name == "SubState") return readText(message, facts.sub);
    if (name == "UnitFileState") return readText(message, facts.file);
    if (name == "Result") return readText(message, facts.result);
    if (name == "LoadError") return readLoadError(message, facts.loadError);
    if (name == "ExecMainCode") return readNumber(message, facts.exitCode);
    if (name == "ExecMainStatus") return readNumber(message, facts.exitStatus);
    return sd_bus_message_skip(message, "v");
}

struct BusClose {
    void operator()(sd_bus* bus) const {
        sd_bus_close(bus);
        sd_bus_unref(bus);
    }
};
struct MessageUnref {
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};

} // namespace

int readUnitProperties(sd_bus_message* message, model::UnitFacts& facts) {
    int result = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "{sv}");
    if (result < 0) return result;
    while ((result = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, "sv")) > 0) {
        const char* name = nullptr;
        result = sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, &name);
        if (result >= 0) result = readProperty(message, name, facts);
        if (result >= 0) result = sd_bus_message_exit_container(message);
        if (result < 0) return result;
    }
    return result < 0 ? result : sd_bus_message_exit_container(message);
}

Result<model::UnitFacts> askUnit(const std::string& unit, const std::string& address) {
    const auto failed = [&](const std::string& why) {
        return Error{"ask systemd for", unit, why, "this type of resource needs a host that systemd has started"};
    };
    sd_bus* made = nullptr;
    int result = sd_bus_new(&made);
    const std::unique_ptr<sd_bus, BusClose> bus(made);
    if (result >= 0) result = sd_bus_set_address(bus.get(), address.c_str());
    if (result >= 0) result = sd_bus_set_bus_client(bus.get(), 1);
    if (result >= 0) result = sd_bus_start(bus.get());
    if (result < 0) return failed("connect to " + address + ": " + errnoText(-result));
    const auto ask = [&](const char* path, const char* interface, const char* member, const char* argument,
                         std::string& trouble) {
        sd_bus_message* question = nullptr;
        sd_bus_message* answer = nullptr;
        sd_bus_error error{};
        int sent = sd_bus_message_new_method_call(bus.get(), &question, systemdName, path, interface, member);
        const std::unique_ptr<sd_bus_message, MessageUnref> kept(question);
        if (sent >= 0) sent = sd_bus_message_append(question, "s", argument);
        if (sent >= 0)
            sent = sd_bus_call(
                bus.get(), question,
                static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(unitLookTime).count()),
                &error, &answer);
        if (sent < 0) trouble = error.message != nullptr ? error.message : errnoText(-sent);
        sd_bus_error_free(&error);
        return std::unique_ptr<sd_bus_message, MessageUnref>(answer);
    };
    std::string trouble;
    const auto loaded = ask(systemdPath, systemdManager, "LoadUnit", unit.c_str(), trouble);
    const char* path = nullptr;
    if (!loaded || sd_bus_message_read(loaded.get(), "o", &path) < 0) return failed(trouble);
    const auto properties = ask(path, busProperties, "GetAll", "", trouble);
    model::UnitFacts facts;
    if (!properties || readUnitProperties(properties.get(), facts) < 0)
        return failed(trouble.empty() ? "its answer can't be read" : trouble);
    return facts;
}

} // namespace dyad::agents
