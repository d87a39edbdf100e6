// SPDX-License-Identifier: Apache-2.0
#include "heart/board.h"

#include "base/errno_text.h"
#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/file_mapping.hpp>
#include <boost/interprocess/mapped_region.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace dyad::heart {

namespace interprocess = boost::interprocess;

struct Board::Memory {
    BoardHeader header;
    Seqlock<BoardReport> report;
    Seqlock<BoardOrder> order;
};

struct Board::Mapping {
    interprocess::mapped_region region;
};

namespace {

Error unusable(const std::string& path, std::string why) {
    return Error{"open the heart's board", path, std::move(why), ""};
}

Result<interprocess::mapped_region> map(const std::string& path, std::size_t bytes) {
    try {
        const interprocess::file_mapping file(path.c_str(), interprocess::read_write);
        return interprocess::mapped_region(file, interprocess::read_write, 0, bytes);
    } catch (const interprocess::interprocess_exception& exception) {
        return unusable(path, exception.what());
    }
}

} // namespace

Board::Board(std::unique_ptr<Mapping> mapping) : m_mapping(std::move(mapping)) {}
Board::Board(Board&&) noexcept = default;
Board& Board::operator=(Board&&) noexcept = default;
Board::~Board() = default;

Board::Memory& Board::memory() const { return *std::launder(static_cast<Memory*>(m_mapping->region.get_address())); }

Result<Board> Board::create(const std::string& path, BoardHeader header) {
    const std::string fresh = path + ".new";
    ::unlink(fresh.c_str());
    const int file = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return Error{"create the heart's board", fresh, errnoText(errno), ""};
    // posix_fallocate: a full /run is told now, not by SIGBUS later.
    const int full = ::posix_fallocate(file, 0, sizeof(Memory));
    ::close(file);
    if (full != 0) return Error{"create the heart's board", fresh, std::strerror(full), ""};

    Result<interprocess::mapped_region> region = map(fresh, sizeof(Memory));
    if (!region) return region.error();
    header.magic = boardMagic;
    header.version = layoutVersion;
    header.bytes = sizeof(Memory);
    auto mapping = std::make_unique<Mapping>(Mapping{std::move(region).value()});
    new (mapping->region.get_address()) Memory{header, {}, {}};
    if (::rename(fresh.c_str(), path.c_str()) != 0)
        return Error{"rename the heart's board to", path, errnoText(errno), ""};
    return Board(std::move(mapping));
}

Result<Board> Board::openAny(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return unusable(path, errnoText(errno));
    if (!S_ISREG(status.st_mode)) return unusable(path, "is no regular file");
    if (status.st_uid != ::geteuid()) return unusable(path, "belongs to user " + std::to_string(status.st_uid));
    if (status.st_size != static_cast<off_t>(sizeof(Memory)))
        return unusable(path, "is another release's: " + std::to_string(status.st_size) + " bytes");

    Result<interprocess::mapped_region> region = map(path, sizeof(Memory));
    if (!region) return region.error();
    Board board(std::make_unique<Mapping>(Mapping{std::move(region).value()}));
    const BoardHeader header = board.header();
    if (header.magic != boardMagic || header.bytes != sizeof(Memory)) return unusable(path, "is no board");
    if (header.version != layoutVersion)
        return unusable(path, "is another release's: layout " + std::to_string(header.version));
    return board;
}

std::optional<BoardHeader> Board::peek(const std::string& path) {
    const Result<Board> board = openAny(path);
    if (!board) return std::nullopt;
    return board.value().header();
}

Result<Board> Board::open(const std::string& path, model::BootDigest boot) {
    Result<Board> opened = openAny(path);
    if (!opened) return opened;
    Board board = std::move(opened).value();
    if (board.header().boot != boot.value) return unusable(path, "was left by another boot");
    if (board.isStale()) return unusable(path, "was left by a heart that has ended");
    return board;
}

BoardHeader Board::header() const { return memory().header; }
ProcessIdentity Board::heart() const { return {memory().header.processId, memory().header.processStart}; }
void Board::writeReport(const BoardReport& report) { memory().report.write(report); }
std::optional<BoardReport> Board::readReport() const { return memory().report.read(); }
void Board::writeOrder(const BoardOrder& order) { memory().order.write(order); }
std::optional<BoardOrder> Board::readOrder() const { return memory().order.read(); }

} // namespace dyad::heart
