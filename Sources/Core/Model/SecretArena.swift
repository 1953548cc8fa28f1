import CLockedMemory
import Synchronization

/// A locked mapping from which the secret values of a process are allotted; another one is for its keys.
///
/// The mapping is never swapped, never dumped and absent in forked children. Blocks are wiped when they are given back.
/// A block larger than `largestLockedBlock`, or one for which no room is left, lies in ordinary memory; it is wiped too, and counted.
@safe
package final class SecretArena: Sendable {
    /// The arena of this process's values.
    package static let process = SecretArena(byteCount: 4 << 20)

    /// The arena of its keys: no number of values takes their room. What finds none here lies among the values.
    package static let keys = SecretArena(byteCount: 512 << 10, overflow: process)

    /// The largest block, in bytes, that is taken from the locked mapping.
    package static let largestLockedBlock = 64 << 10

    /// What protects the mapping on this machine.
    package enum Protection: String, Sendable {
        case secretMemory = "memfd_secret"
        case locked = "mlock"
        case none
    }

    /// How the arena is used at one moment.
    package struct Usage: Sendable {
        /// Blocks that lie in the locked mapping.
        package var lockedBlocks = 0
        /// Blocks that lie in ordinary wiped memory because they were too large or the mapping was full.
        package var ordinaryBlocks = 0

        package static func + (left: Usage, right: Usage) -> Usage {
            Usage(lockedBlocks: left.lockedBlocks + right.lockedBlocks, ordinaryBlocks: left.ordinaryBlocks + right.ordinaryBlocks)
        }
    }

    /// What protects the weaker of both arenas of this process.
    package static var protectionInAll: Protection {
        let both = [process.protection, keys.protection]
        return [.none, .locked].first(where: both.contains) ?? .secretMemory
    }

    /// How both arenas of this process are used.
    package static var usageInAll: Usage { process.usage + keys.usage }

    package let protection: Protection
    private nonisolated(unsafe) let base: UnsafeMutableRawPointer?
    private let capacity: Int
    private let overflow: SecretArena?
    private let state = Mutex(State())

    struct State {
        var free: [[Int]] = Array(repeating: [], count: SecretArena.classCount)
        var next = 0
        var usage = Usage()
    }

    /// Maps an arena. What finds no room in it is taken from `overflow`, where there is one.
    package init(byteCount: Int, overflow: SecretArena? = nil) {
        self.overflow = overflow
        var kind = TACIT_LOCKED_NONE
        unsafe base = tacit_locked_map(byteCount, &kind)
        capacity = unsafe base == nil ? 0 : byteCount
        protection =
            switch kind {
            case TACIT_LOCKED_SECRET: .secretMemory
            case TACIT_LOCKED_MLOCK: .locked
            default: .none
            }
    }

    package var usage: Usage { state.withLock { $0.usage } }

    /// Takes a block of at least `byteCount` bytes; its content is undefined.
    func take(_ byteCount: Int) -> Block {
        let size = max(byteCount, Self.smallestBlock)
        let offset = size <= Self.largestLockedBlock ? state.withLock { $0.takeOffset(Self.classIndex(size), capacity: capacity) } : nil
        guard let offset, let base = unsafe base else {
            if let overflow { return unsafe overflow.take(byteCount) }
            state.withLock { $0.usage.ordinaryBlocks += 1 }
            return unsafe Block(start: .allocate(byteCount: size, alignment: 16), byteCount: size, offset: nil, arena: self)
        }
        return unsafe Block(start: base + offset, byteCount: Self.smallestBlock << Self.classIndex(size), offset: offset, arena: self)
    }

    /// Wipes a block and takes it back; it must be one of this arena's own.
    private func takeBack(_ block: Block) {
        unsafe tacit_wipe(block.start, block.byteCount)
        guard let offset = unsafe block.offset else {
            unsafe block.start.deallocate()
            return state.withLock { $0.usage.ordinaryBlocks -= 1 }
        }
        let index = unsafe Self.classIndex(block.byteCount)
        state.withLock {
            $0.free[index].append(offset)
            $0.usage.lockedBlocks -= 1
        }
    }

    /// A range of bytes owned by whoever took it.
    @unsafe
    struct Block {
        let start: UnsafeMutableRawPointer
        let byteCount: Int
        let offset: Int?
        /// Whose it is: not that of the arena that was asked, when that one had no room.
        let arena: SecretArena

        /// Wipes the block and gives it back.
        func giveBack() { unsafe arena.takeBack(self) }
    }

    private static let smallestBlock = 32
    private static let classCount = 12

    /// The size class of a block: the smallest power of two, from 32, that holds it.
    private static func classIndex(_ byteCount: Int) -> Int {
        byteCount <= smallestBlock ? 0 : Int.bitWidth - (byteCount - 1).leadingZeroBitCount - 5
    }
}

extension SecretArena.State {
    mutating func takeOffset(_ index: Int, capacity: Int) -> Int? {
        guard let offset = free[index].popLast() ?? fresh(32 << index, capacity: capacity) ?? split(to: index) else { return nil }
        usage.lockedBlocks += 1
        return offset
    }

    private mutating func fresh(_ size: Int, capacity: Int) -> Int? {
        guard next + size <= capacity else { return nil }
        defer { next += size }
        return next
    }

    /// Halves the smallest larger block that is free until one of class `index` is left; the other halves stay free.
    ///
    /// Halves are not joined again: many small keys matter more than a few large values, which then lie in ordinary wiped memory.
    private mutating func split(to index: Int) -> Int? {
        guard let larger = free.indices.first(where: { $0 > index && !free[$0].isEmpty }), let offset = free[larger].popLast() else { return nil }
        for half in index..<larger { free[half].append(offset + 32 << half) }
        return offset
    }
}
