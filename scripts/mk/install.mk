# Installation; see below.
