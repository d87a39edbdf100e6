// SPDX-License-Identifier: Apache-2.0
#include "agents/nft_command.h"

#include "agents/child_environment.h"

namespace dyad::agents {

NftCommand::NftCommand(std::string program, std::string label)
    : m_program(std::move(program)), m_label(std::move(label)), m_deadline([this] {
          m_command.reset(); // killed
          finish({.text = m_program + " gave no answer in " + toText(nftPatience)});
      }),
      m_soon([this] { finish(m_notRun); }) {}

void NftCommand::run(std::vector<std::string> arguments, Done done) {
    m_done = nullptr;
    m_next = Order{std::move(arguments), std::move(done)};
    if (!m_command && !m_soon.running()) begin();
}

void NftCommand::begin() {
    Order order = std::move(*m_next);
    m_next.reset();
    m_done = std::move(order.done);
    platform::ChildSetup setup{.command = {m_program}, .environment = childEnvironment(m_label, nullptr, {})};
    setup.command.insert(setup.command.end(), order.arguments.begin(), order.arguments.end());
    m_command = std::make_unique<CapturedCommand>(maxListingBytes);
    const Result<void> running =
        m_command->run(std::move(setup), [this](const platform::ChildEnd& end, const std::string& output) {
            NftEnd what{.well = end.clean(), .text = output};
            if (!what.well) {
                what.absent = !end.signalled && end.code == 1 && // of nft itself, which was found then
                              output.find("No such file or directory") != std::string::npos;
                const std::string said = lastLines(output);
                what.text = m_program + ": " + end.text() + (said.empty() ? "" : ": " + said);
            }
            m_command.reset();
            finish(what);
        });
    if (running) return m_deadline.start(nftPatience);
    m_command.reset();
    m_notRun = {.text = running.error().text() + ". apt install nftables"};
    m_soon.start(Duration(0));
}

void NftCommand::finish(const NftEnd& end) {
    m_deadline.stop();
    const Done done = std::exchange(m_done, nullptr);
    if (m_next) begin(); // its predecessor is nobody's business any more
    if (done) done(end);
}

} // namespace dyad::agents
