/// Room on the vault's disk that is kept for what a person does to end something.
package protocol SpaceReserve: Sendable {
    /// Takes the room that is missing, as far as there is some; whoever cannot have it goes without.
    func fill()
    /// Gives a part of the room back to the disk; false where none is left.
    func giveUp() -> Bool
    /// Takes back what was left of that: on a full disk nobody else is to have it.
    func takeBack()
}
