// SPDX-License-Identifier: Apache-2.0
// dyad token: who may speak to the service of this host. Works on the tokens file, which the service reads again by
// itself.
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/words.h"
#include "control/server/tokens_file.h"

#include <CLI/CLI.hpp>

#include <QJsonArray>

namespace dyad::cli {
namespace {

struct TokenWanted {
    std::string file = "/etc/dyad/tokens";
    std::string name;
    std::string role;
    std::string digest; // hexadecimal; empty: a new token is made
    bool dryRun = false;
};

int wrong(const Error& error, bool json) {
    if (json) printJson(control::toJson(error));
    complain(error.text());
    return exit_code::failed;
}

int add(const TokenWanted& wanted, bool json) {
    if (const Result<void> named = control::checkTokenName(wanted.name); !named) return wrong(named.error(), json);
    QByteArray token;
    QByteArray digest = QByteArray::fromHex(QByteArray::fromStdString(wanted.digest));
    if (wanted.digest.empty()) {
        token = control::newToken();
        digest = control::digestOfToken(token);
    } else if (digest.size() != 32 || digest.toHex() != QByteArray::fromStdString(wanted.digest).toLower()) {
        return wrong({"read --hash", wanted.digest, "this is no SHA-256", "Write 64 hexadecimal digits"}, json);
    }
    if (wanted.dryRun) {
        if (json)
            printJson(QJsonObject{{"dry_run", true},
                                  {"name", QString::fromStdString(wanted.name)},
                                  {"role", QString::fromStdString(wanted.role)}});
        else
            print("would add the token " + wanted.name + " (" + wanted.role + ") to " + wanted.file + "\n");
        return exit_code::ok;
    }
    const auto role = control::roleNamed(wanted.role);
    const Result<void> added =
        control::addToken(wanted.file, {wanted.name, role.value_or(control::AccessRole::Viewer), digest});
    if (!added) return wrong(added.error(), json);
    if (json) {
        printJson(QJsonObject{{"name", QString::fromStdString(wanted.name)},
                              {"role", QString::fromStdString(wanted.role)},
                              {"token", QString::fromLatin1(token)},
                              {"sha256", QString::fromLatin1(digest.toHex())}});
        return exit_code::ok;
    }
    // The token alone on standard output, so that it can be written to a file; the words for people beside it.
    if (!token.isEmpty()) print(token.toStdString() + "\n");
    complain("token " + wanted.name + " (" + wanted.role + ") is good from now on, on this host" +
             (token.isEmpty() ? "" : "; it is shown this once") + ". On the other host: dyad token add " + wanted.name +
             " " + wanted.role + " --hash " + digest.toHex().toStdString());
    return exit_code::ok;
}

int list(const TokenWanted& wanted, bool json) {
    const Result<control::TokenTable> table = control::loadTokens(wanted.file);
    if (!table) return wrong(table.error(), json);
    QJsonArray array;
    Table rows;
    for (const control::Token& token : table.value().tokens()) {
        array.append(QJsonObject{{"name", QString::fromStdString(token.name)},
                                 {"role", toText(token.role)},
                                 {"sha256", QString::fromLatin1(token.digest.toHex())}});
        rows.row({token.name, toText(token.role), token.digest.toHex().left(8).toStdString() + "…"});
    }
    if (json)
        printJson(QJsonObject{{"tokens", array}});
    else
        print(array.isEmpty() ? "no tokens: nobody can speak to the service\n" : rows.text(""));
    return exit_code::ok;
}

int revoke(const TokenWanted& wanted, bool json) {
    if (wanted.dryRun) {
        const Result<control::TokenTable> table = control::loadTokens(wanted.file);
        if (!table) return wrong(table.error(), json);
        for (const control::Token& token : table.value().tokens())
            if (token.name == wanted.name) {
                if (json)
                    printJson(QJsonObject{{"dry_run", true}, {"name", QString::fromStdString(wanted.name)}});
                else
                    print("would revoke the token " + wanted.name + " (" + toText(token.role) + ")\n");
                return exit_code::ok;
            }
        return wrong({"revoke the token", wanted.name, "there is no token of this name", "See: dyad token list"}, json);
    }
    if (const Result<void> gone = control::revokeToken(wanted.file, wanted.name); !gone)
        return wrong(gone.error(), json);
    if (json)
        printJson(QJsonObject{{"revoked", QString::fromStdString(wanted.name)}});
    else
        print("token " + wanted.name + " is revoked on this host; revoke it on the other one, too\n");
    return exit_code::ok;
}

} // namespace

void addToken(CLI::App& app, CommandLine& line) {
    CLI::App* token = app.add_subcommand("token", "Who may speak to the service of this host");
    token->require_subcommand(1);
    token->fallthrough();
    auto wanted = std::make_shared<TokenWanted>();
    token->add_option("--tokens", wanted->file, "The service's tokens file")->capture_default_str();
    const auto command = [&](const char* name, const char* help, int (*run)(const TokenWanted&, bool)) {
        CLI::App* sub = token->add_subcommand(name, help);
        sub->callback(
            [&line, wanted, run] { line.run = [&line, wanted, run] { return run(*wanted, line.arguments.json); }; });
        return sub;
    };
    CLI::App* adding = command("add", "Make a token, and show it this once", add);
    adding->add_option("NAME", wanted->name, "Who will use it; stands in the audit history")->required();
    adding->add_option("ROLE", wanted->role, "What it allows")
        ->required()
        ->check(CLI::IsMember({"viewer", "operator", "admin"}));
    adding->add_option("--hash", wanted->digest, "SHA-256 of a token that exists already, as the other host has it");
    command("list", "Names and roles; the tokens themselves are known to nobody here", list);
    CLI::App* revoking = command("revoke", "Refuse a token from now on", revoke);
    revoking->add_option("NAME", wanted->name, "Whose token")->required();
    for (CLI::App* each : {adding, revoking})
        each->add_flag("--dry-run", wanted->dryRun, "Only say what would be done");
}

} // namespace dyad::cli
